package embedded_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/embedded"
)

func TestMinIOSaysWhyItDoesNotStart(t *testing.T) {
	t.Parallel()
	path, err := embedded.Locate("", "minio")
	if err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", addr(t))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, err = embedded.StartMinIO(within(t, time.Minute), embedded.MinIOConfig{
		Path: path, Dir: t.TempDir(), Addr: taken.Addr().String(), User: "somebody", Password: "something",
	})
	if err == nil || !strings.Contains(err.Error(), "already in use") {
		t.Fatalf("a port that is taken: %v", err)
	}
}
