package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// longestBody in bytes: a thousand ids and fifty tags take a tenth of it.
const longestBody = 256 << 10

// readBody reads the JSON object that a request carries. What is misspelt in it is refused, as in a query string.
func readBody(w http.ResponseWriter, r *http.Request, into any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, longestBody))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		if _, err = decoder.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = errors.New("something follows the object")
		}
	}
	var (
		long  *http.MaxBytesError
		wrong *json.UnmarshalTypeError
	)
	switch {
	case errors.As(err, &long):
		return refuse(bodyTooLong, fmt.Sprintf("the body is longer than %d bytes", longestBody))
	case errors.As(err, &wrong) && wrong.Field != "":
		return &refusal{parameterInvalid, fmt.Sprintf("%s holds a JSON %s where that is not wanted", clipped(wrong.Field), clipped(wrong.Value)), clipped(wrong.Field)}
	}
	return refuse(bodyMalformed, "the body is not the JSON object that is wanted here, with no other names in it: see the documents")
}
