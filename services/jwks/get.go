package jwks

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// longest in bytes: a set of a hundred keys has a tenth of it.
const longest = 1 << 20

func newClient(timeout time.Duration) *http.Client {
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		MaxResponseHeaderBytes: 64 << 10,
		IdleConnTimeout:        30 * time.Second,
		ForceAttemptHTTP2:      true,
	}
	return &http.Client{
		Transport: transport,
		Timeout:   timeout, // of all of it: a set that trickles is given up as one that does not come
		// The address was judged, where it would send us was not.
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("it redirects elsewhere; set the address it leads to")
		},
	}
}

// get fetches and reads the set.
func (k *Keys) get(ctx context.Context) (map[name]crypto.PublicKey, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, k.url, nil)
	if err != nil {
		return nil, errors.New("the address cannot be asked")
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	response, err := k.client.Do(request)
	if err != nil {
		return nil, withoutAddress(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %d, want 200", response.StatusCode)
	}
	document, err := io.ReadAll(io.LimitReader(response.Body, longest+1))
	switch {
	case err != nil:
		return nil, withoutAddress(err)
	case len(document) > longest:
		return nil, fmt.Errorf("the answer is longer than %d bytes", longest)
	}
	keys, _, err := parse(document)
	return keys, err
}

// withoutAddress drops what may carry a key of the installation in its query.
func withoutAddress(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}
