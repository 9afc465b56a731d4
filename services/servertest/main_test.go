package servertest_test

import (
	"net/http"
	"testing"

	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

// client keeps no connections, which would be leaks.
var client = http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
