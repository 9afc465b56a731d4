package main

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
)

// squeezed is what an ETag has behind it where the answer is compressed: other bytes, another tag.
const squeezed = "-gzip"

// writeUnlessKnown writes an answer that its caller may keep, if it asks each time whether it is still the same (RFC 9110,
// section 13). The tag is that of the bytes, so that it says what this caller is shown.
func writeUnlessKnown(w http.ResponseWriter, r *http.Request, contentType string, body []byte) {
	sum := sha256.Sum256(body)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	h := w.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, no-cache")
	h.Add("Vary", "Authorization")
	if known(r.Header.Values("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", contentType)
	_, _ = w.Write(body)
}

// known tells whether the tag is one that the caller has, compressed or not.
func known(lists []string, tag string) bool {
	for _, list := range lists {
		for _, one := range strings.Split(list, ",") {
			one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
			if one == "*" || strings.Replace(one, squeezed+`"`, `"`, 1) == tag {
				return true
			}
		}
	}
	return false
}
