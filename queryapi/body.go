package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
)

// longestBody in bytes: a thousand ids and fifty tags take a tenth of it.
const longestBody = 256 << 10

// readBody reads the JSON object that a request carries into a struct. What is misspelt in it is refused, as in a query string,
// and so is what stands there twice.
func readBody(w http.ResponseWriter, r *http.Request, into any) error {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longestBody))
	if err == nil {
		err = readObject(text, into)
	}
	var (
		long  *http.MaxBytesError
		wrong *json.UnmarshalTypeError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &long):
		return refuse(bodyTooLong, fmt.Sprintf("the body is longer than %d bytes", longestBody))
	case errors.As(err, &wrong) && wrong.Field != "":
		return &refusal{parameterInvalid, fmt.Sprintf("%s holds a JSON %s where that is not wanted", clipped(wrong.Field), clipped(wrong.Value)), clipped(wrong.Field)}
	}
	return refuse(bodyMalformed, "the body is not the JSON object that is wanted here, with each name once and no other names in it: see the documents")
}

// readObject reads an object whose members go by the exact names that the struct gives its fields: the decoder by itself
// takes TAGS for tags, and of two the later one.
func readObject(text []byte, into any) error {
	members, err := membersOf(text)
	if err != nil {
		return err
	}
	of := reflect.TypeOf(into).Elem()
	for i := range of.NumField() {
		delete(members, of.Field(i).Tag.Get("json"))
	}
	for name := range members {
		return fmt.Errorf("there is a member %q", name)
	}
	return json.Unmarshal(text, into)
}
