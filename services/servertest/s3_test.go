package servertest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/servertest"
)

// s3 sends a signed request: the client library belongs to the door alone. A bucket is made by a PUT whose body does
// not count.
func s3(t *testing.T, b servertest.Bucket, method, path, body string) (int, string) {
	t.Helper()
	if strings.Count(path, "/") == 1 {
		body = ""
	}
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+b.Endpoint+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	const unsigned = "UNSIGNED-PAYLOAD"
	stamp := time.Now().UTC().Format("20060102T150405Z")
	scope := stamp[:8] + "/us-east-1/s3/aws4_request"
	headers := fmt.Sprintf("host:%s\nx-amz-content-sha256:%s\nx-amz-date:%s\n", b.Endpoint, unsigned, stamp)
	const signed = "host;x-amz-content-sha256;x-amz-date"
	canonical := strings.Join([]string{method, path, "", headers, signed, unsigned}, "\n")
	digest := sha256.Sum256([]byte(canonical))
	toSign := strings.Join([]string{"AWS4-HMAC-SHA256", stamp, scope, hex.EncodeToString(digest[:])}, "\n")
	key := []byte("AWS4" + b.SecretKey)
	for _, part := range append(strings.Split(scope, "/"), toSign) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	request.Header.Set("X-Amz-Date", stamp)
	request.Header.Set("X-Amz-Content-Sha256", unsigned)
	request.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%x",
		b.AccessKey, scope, signed, key))
	response, err := client.Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return response.StatusCode, string(text)
}
