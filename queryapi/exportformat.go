package main

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// fileFormat is a form in which the whole list is given as a file.
type fileFormat struct {
	name   string // of the parameter format, and the ending of the file
	media  string
	need   right
	most   int // calls that a file holds; 0: any
	encode func(w io.Writer, o exportOptions) (encoder, error)
}

// encoder writes records, as a list shows them, to a file.
type encoder interface {
	add(record []byte) error
	end() error
}

// exportOptions are what a caller may choose beside the format.
type exportOptions struct {
	bom bool // CSV: a byte order mark in front, by which Excel knows UTF-8
	raw bool // CSV: texts as they are, also those that a spreadsheet takes for formulas
}

var fileFormats = []fileFormat{
	{"csv", "text/csv", exportCalls, 0, newCSV},
	{"ndjson", "application/x-ndjson", exportBulk, 0, newLines},
	{"parquet", "application/vnd.apache.parquet", exportBulk, 0, newParquet},
	{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", exportBulk, mostSheetRows - 1, newSheet},
}

const (
	formatName = "format"
	bomName    = "bom"
	rawName    = "raw"
	listFormat = "json"
	listMedia  = "application/json"
)

// formatOf tells which file a request asks for: by its parameter, else by its Accept header; nil is a page in JSON.
func formatOf(r *http.Request, values url.Values) (*fileFormat, error) {
	if !values.Has(formatName) {
		return accepted(strings.Join(r.Header.Values("Accept"), ","))
	}
	name := values.Get(formatName)
	if name == listFormat {
		return nil, nil
	}
	names := []string{listFormat}
	for i := range fileFormats {
		if fileFormats[i].name == name {
			return &fileFormats[i], nil
		}
		names = append(names, fileFormats[i].name)
	}
	return nil, &refusal{parameterInvalid, fmt.Sprintf("format is %s, want %s", quoted(name), listed(names)), formatName}
}

// accepted chooses by an Accept header (RFC 9110, section 12.5.1): what the caller likes best, and of equals the page, then
// the order of the table.
func accepted(header string) (*fileFormat, error) {
	ranges := mediaRanges(header)
	if len(ranges) == 0 {
		return nil, nil
	}
	var best *fileFormat
	most := quality(ranges, listMedia)
	for i := range fileFormats {
		if q := quality(ranges, fileFormats[i].media); q > most {
			best, most = &fileFormats[i], q
		}
	}
	if most > 0 {
		return best, nil
	}
	offered := []string{listMedia}
	for _, f := range fileFormats {
		offered = append(offered, f.media)
	}
	return nil, refuse(notAcceptable, "Accept allows none of the forms there are, want "+listed(offered))
}

// mediaRange is one member of an Accept header.
type mediaRange struct {
	media string // text/csv, text/* or */*
	q     float64
}

// mediaRanges leaves out what cannot be read.
func mediaRanges(header string) []mediaRange {
	var ranges []mediaRange
	for member := range strings.SplitSeq(header, ",") {
		media, params, err := mime.ParseMediaType(member)
		if err != nil || strings.Count(media, "/") != 1 {
			continue
		}
		q := 1.0
		if text, found := params["q"]; found {
			if q, err = strconv.ParseFloat(text, 64); err != nil || !(q >= 0 && q <= 1) {
				continue
			}
		}
		ranges = append(ranges, mediaRange{media, q})
	}
	return ranges
}

// quality of a media type is that of the most specific range that covers it; 0 where none does.
func quality(ranges []mediaRange, media string) float64 {
	kind, _, _ := strings.Cut(media, "/")
	for _, cover := range []string{media, kind + "/*", "*/*"} {
		if i := slices.IndexFunc(ranges, func(r mediaRange) bool { return r.media == cover }); i >= 0 {
			return ranges[i].q
		}
	}
	return 0
}

// exportOptionsOf reads what goes with the format.
func exportOptionsOf(f *fileFormat, values url.Values) (o exportOptions, err error) {
	for name, to := range map[string]*bool{bomName: &o.bom, rawName: &o.raw} {
		if !values.Has(name) {
			continue
		}
		if f.name != "csv" {
			return o, &refusal{parameterInvalid, name + " goes with format=csv alone", name}
		}
		switch text := values.Get(name); text {
		case "true":
			*to = true
		case "false":
		default:
			return o, &refusal{parameterInvalid, fmt.Sprintf("%s is %s, want true or false", name, quoted(text)), name}
		}
	}
	return o, nil
}
