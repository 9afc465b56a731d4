package minio

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Key is the object's key of a recording: "<source>/<file name>". The value of recordingfile may be a bare name or a
// path in any layout; only its last part counts, so the archiver, which sees "2026/11/21/x.wav", and a call row, which
// says "x.wav" or "/mnt/monitor/x.wav", mean the same object.
//
// It is empty where there can be no such object: no name, "." or "..", control characters, bytes that are not UTF-8, or a
// source that is no plain word.
func Key(source, recordingfile string) string {
	name := recordingfile[strings.LastIndexByte(recordingfile, '/')+1:]
	if !plain(source) || !plain(name) || strings.Contains(source, "/") {
		return ""
	}
	return source + "/" + name
}

// plain allows what a file system and a store both take as one part of a path.
func plain(part string) bool {
	const longest = 255 // bytes: the limit of file systems, MinIO's own included
	return part != "" && part != "." && part != ".." && len(part) <= longest &&
		utf8.ValidString(part) && !strings.ContainsFunc(part, unicode.IsControl)
}

// types are those of the formats that Asterisk, sox and lame write. A .WAV file is GSM in a RIFF wrapper, which players
// know by its header.
var types = map[string]string{
	".wav": "audio/wav", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".opus": "audio/ogg", ".gsm": "audio/x-gsm",
}

// ContentType of a recording by the ending of its name; one that is not audio is application/octet-stream, so that
// nothing a browser would run is ever served.
func ContentType(name string) string {
	if t, ok := types[strings.ToLower(path.Ext(name))]; ok {
		return t
	}
	return "application/octet-stream"
}

// Audio tells whether the name ends like a recording.
func Audio(name string) bool { return types[strings.ToLower(path.Ext(name))] != "" }
