package engine

import (
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// exception is an error as ClickHouse words it: "Code: 60. DB::Exception: …. (UNKNOWN_TABLE)".
type exception struct {
	code int
	text string
}

func (e *exception) Error() string { return e.text }

// Codes this endpoint raises or looks at by itself.
const (
	codeNotImplemented   = 48
	codeSyntax           = 62
	codeCannotDecompress = 271
	codeUnknownFormat    = 73
	codeUnknownSetting   = 115
	codeTooLarge         = 307
	codeCancelled        = 394
	codeAuthentication   = 516
	codeNetwork          = 210
	codeUnknown          = 1002
)

var codeNames = map[int]string{
	codeNotImplemented: "NOT_IMPLEMENTED", codeSyntax: "SYNTAX_ERROR", codeUnknownSetting: "UNKNOWN_SETTING", codeUnknownFormat: "UNKNOWN_FORMAT",
	codeCannotDecompress: "CANNOT_DECOMPRESS", codeTooLarge: "TOO_MANY_BYTES", codeCancelled: "QUERY_WAS_CANCELLED",
	codeAuthentication: "AUTHENTICATION_FAILED", codeNetwork: "NETWORK_ERROR", codeUnknown: "UNKNOWN_EXCEPTION",
}

// refuse words an error of the endpoint itself.
func refuse(code int, message string) *exception {
	return &exception{code, "Code: " + strconv.Itoa(code) + ". DB::Exception: " + message + ". (" + codeNames[code] + ")"}
}

var codePrefix = regexp.MustCompile(`Code: (\d+)\. DB::`)

// parseException reads an error text of the library, which may stand behind words of its own and be wrapped several
// times ("Code: 241. DB::Exception: Code: 241. DB::Exception: …"): the innermost repetition counts.
func parseException(text string) *exception {
	at := codePrefix.FindStringSubmatchIndex(text)
	if at == nil {
		return refuse(codeUnknown, text)
	}
	code, err := strconv.Atoi(text[at[2]:at[3]])
	if err != nil {
		return refuse(codeUnknown, text)
	}
	text = text[at[0]:]
	repeat := text[:at[3]-at[0]] + ". DB::Exception: "
	for strings.HasPrefix(text, repeat+repeat) {
		text = text[len(repeat):]
	}
	return &exception{code, text}
}

// asException gives any error the shape of an exception.
func asException(err error) *exception {
	var e *exception
	if errors.As(err, &e) {
		return e
	}
	return refuse(codeUnknown, err.Error())
}

// status is the HTTP status a server answers the code with, for the codes people look at; 500 for all others.
func (e *exception) status() int {
	switch e.code {
	case codeAuthentication:
		return http.StatusForbidden
	case 6, 26, 27, 38, 41, 43, 53, 62, 70, 72, 117, 201, 321, 344, 386, 456, 457:
		return http.StatusBadRequest
	case 16, 46, 47, 50, 57, 60, 73, 81, 115:
		return http.StatusNotFound
	case 159:
		return http.StatusRequestTimeout
	case codeTooLarge:
		return http.StatusRequestEntityTooLarge
	case codeNotImplemented:
		return http.StatusNotImplemented
	}
	return http.StatusInternalServerError
}
