package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
)

// lastEventID is the parameter for callers that can set no header; an EventSource sets the header by itself.
const lastEventID = "last_event_id"

// placeIDs gives the places of the CALL stream as ids of events, and reads them again. The stream is that of all
// organisations, so a number that can be read would tell how much happens elsewhere: an id is sealed, and the same place has
// another one each time.
type placeIDs struct{ seal cipher.AEAD }

// newPlaceIDs are the same for all processes that have the same secret, so that a caller may go on at another one. Without a
// secret they are this process's own.
func newPlaceIDs(secret string) placeIDs {
	key := derivedKey(secret, "cdrflow place in the live feed 1")
	if key == nil {
		key = make([]byte, 32)
		_, _ = rand.Read(key) // never fails (crypto/rand)
	}
	block, _ := aes.NewCipher(key) // fails for keys of other lengths alone
	seal, _ := cipher.NewGCMWithRandomNonce(block)
	return placeIDs{seal}
}

// id of an event at a place.
func (p placeIDs) id(at place) string {
	plain := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(at.born)), at.seq)
	return base64.RawURLEncoding.EncodeToString(p.seal.Seal(nil, nil, plain, nil))
}

// read the place that an id stands for; false for what was never given out.
func (p placeIDs) read(id string) (at place, known bool) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(id)
	if err != nil {
		return place{}, false
	}
	plain, err := p.seal.Open(nil, nil, sealed, nil)
	if err != nil || len(plain) != 16 {
		return place{}, false
	}
	return place{int64(binary.BigEndian.Uint64(plain)), binary.BigEndian.Uint64(plain[8:])}, true
}

// asked reads the place that a caller wants to go on from; false where it wants to begin now. The header goes first, since
// an EventSource repeats its address with every attempt.
func (p placeIDs) asked(r *http.Request, values url.Values) (at place, asked bool, err error) {
	name, text := "Last-Event-ID", r.Header.Get("Last-Event-ID")
	if text == "" {
		name, text = lastEventID, values.Get(lastEventID)
		if !values.Has(lastEventID) {
			return place{}, false, nil
		}
	}
	if at, asked = p.read(text); !asked {
		return place{}, false, &refusal{parameterInvalid, fmt.Sprintf("%s is %s, want the id of an event of this stream", name, quoted(text)), name}
	}
	return at, true, nil
}
