package main

import (
	"errors"
	"io/fs"
	"os"
	"regexp"
	"strings"
)

var digits = regexp.MustCompile(`\d{7,}(\.\d+)?`)

// withoutNumbers makes a file name fit for the log: what may be a telephone number loses all but its last two digits.
// Dates and uniqueids stay, and they are enough to find the file.
func withoutNumbers(name string) string {
	return digits.ReplaceAllStringFunc(name, func(s string) string {
		uniqueid := strings.Contains(s, ".")
		date := len(s) == 8 && (strings.HasPrefix(s, "19") || strings.HasPrefix(s, "20"))
		if uniqueid || date {
			return s
		}
		return "…" + s[len(s)-2:]
	})
}

// withoutPath takes the file's name out of an error of the disk; it stands beside it in the log.
func withoutPath(err error) error {
	var file *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &file):
		return errors.New(strings.Replace(err.Error(), " "+file.Path, "", 1))
	case errors.As(err, &link):
		return errors.New(strings.NewReplacer(" "+link.Old, "", " "+link.New, "").Replace(err.Error()))
	}
	return err
}
