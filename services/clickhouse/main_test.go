package clickhouse_test

import (
	"testing"

	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }
