package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/cdrflow/cdrflow/"

// listed is what `go list` says of one package; paths of ours are cut to what follows the module prefix.
type listed struct {
	ImportPath, Name, Dir              string
	Imports, TestImports, XTestImports []string
	Deps                               []string
	GoFiles, TestGoFiles, XTestGoFiles []string
	IgnoredGoFiles                     []string
}

var (
	stages = []string{"poller", "enricher", "ticketer", "queryapi", "archiver"}
	doors  = []string{"services/mariadb", "services/jetstream", "services/clickhouse", "services/minio", "services/logsupdate", "services/jwks"}
)

// drivers says who may import what talks to an outside system, or is kept in one place for another reason.
var drivers = map[string][]string{
	"github.com/nats-io/nats.go":                  {"services/jetstream"},
	"github.com/synadia-io/orbit.go":              {"services/jetstream"},
	"github.com/ClickHouse/clickhouse-go/v2":      {"services/clickhouse"},
	"github.com/ClickHouse/ch-go":                 {"services/clickhouse", "services/embedded/engine"},
	"github.com/go-sql-driver/mysql":              {"services/mariadb"},
	"github.com/minio/minio-go/v7":                {"services/minio"},
	"github.com/nats-io/nats-server/v2":           {"services/embedded"},
	"github.com/ebitengine/purego":                {"services/embedded", "services/embedded/engine"},
	"github.com/caarlos0/env/v11":                 {"services/process"},
	"github.com/go-chi/chi/v5":                    {"queryapi"},
	"github.com/golang-jwt/jwt/v5":                {"queryapi", "deployments/local"},
	"github.com/go-jose/go-jose/v4":               {"services/jwks"},
	"github.com/cdrflow/cdrflow/services/process": append([]string{"services/process", "deployments/local", "deployments/local/house"}, stages...),
}

// TestWhoMayImportWhom holds the table: stage → doors → call → standard library, and never sideways.
func TestWhoMayImportWhom(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, target := range p.Imports {
			if reason := forbidden(p.ImportPath, target); reason != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, target, reason)
			}
		}
		for _, target := range slices.Concat(p.TestImports, p.XTestImports) {
			if reason := forbiddenInTest(p.ImportPath, target); reason != "" {
				t.Errorf("a test of %s imports %s: %s", p.ImportPath, target, reason)
			}
		}
		if !slices.Contains(stages, p.ImportPath) {
			continue
		}
		for _, target := range p.Deps {
			if target == "testing" || strings.HasPrefix(target, module+"services/embedded") {
				t.Errorf("%s links %s, which no production binary carries", p.ImportPath, target)
			}
		}
	}
}

// The table itself is tested, so that a slip in it does not pass for a clean house.
func TestForbiddenImports(t *testing.T) {
	t.Parallel()
	tests := []struct {
		from, target string
		allowed      bool
	}{
		{"poller", "context", true},
		{"poller", module + "services/mariadb", true},
		{"poller", module + "services/call", true},
		{"poller", module + "services/process", true},
		{"poller", "github.com/prometheus/client_golang/prometheus", true},
		{"poller", module + "services/embedded", false},
		{"poller", module + "services/embedded/engine", false},
		{"poller", module + "services/servertest", false},
		{"poller", module + "enricher", false},
		{"poller", "github.com/go-sql-driver/mysql", false},
		{"poller", "github.com/nats-io/nats.go/jetstream", false},
		{"poller", "github.com/go-chi/chi/v5", false},
		{"queryapi", "github.com/go-chi/chi/v5/middleware", true},
		{"queryapi", "github.com/golang-jwt/jwt/v5", true},
		{"deployments/local", "github.com/golang-jwt/jwt/v5", true},
		{"deployments/local", module + "services/embedded", true},
		{"deployments/local", module + "services/servertest", false},
		{"deployments/local", module + "poller", false},
		{"services/mariadb", "github.com/go-sql-driver/mysql", true},
		{"services/mariadb", "github.com/prometheus/client_golang/prometheus", true},
		{"services/mariadb", module + "services/call", true},
		{"services/mariadb", module + "services/minio", false},
		{"services/mariadb", module + "services/process", false},
		{"services/mariadb", "github.com/minio/minio-go/v7", false},
		{"services/call", "encoding/json", true},
		{"services/call", "net", false},
		{"services/call", "net/url", false},
		{"services/call", "os", false},
		{"services/call", "database/sql", false},
		{"services/call", "github.com/google/uuid", false},
		{"services/call", module + "services/process", false},
		{"services/process", module + "services/call", false},
		{"services/process", module + "services/mariadb", false},
		{"services/process", "github.com/caarlos0/env/v11", true},
		{"services/embedded", "github.com/nats-io/nats-server/v2/server", true},
		{"services/embedded", module + "services/embedded/engine", true},
		{"services/embedded", module + "services/clickhouse", false},
		{"services/embedded", "github.com/nats-io/nats.go", false},
		{"services/embedded/engine", "github.com/ClickHouse/ch-go/proto", true},
		{"services/servertest", module + "services/embedded", true},
		{"services/servertest", module + "services/jetstream", false},
	}
	for _, tt := range tests {
		if reason := forbidden(tt.from, tt.target); (reason == "") != tt.allowed {
			t.Errorf("%s importing %s: allowed %v (%s), want %v", tt.from, tt.target, reason == "", reason, tt.allowed)
		}
	}
	if forbiddenInTest("poller", module+"services/servertest") != "" || forbiddenInTest("poller", "github.com/go-sql-driver/mysql") == "" ||
		forbiddenInTest("services/embedded/engine", "github.com/ClickHouse/clickhouse-go/v2") != "" {
		t.Error("tests may use servertest, and drivers only where they test the servers themselves")
	}
}

// forbidden says why the package from may not import target outside its tests; empty when it may.
func forbidden(from, target string) string {
	for driver, allowed := range drivers {
		if (target == driver || strings.HasPrefix(target, driver+"/")) && !slices.Contains(allowed, from) && !strings.HasPrefix(from, "deployments/e2e") {
			return "only " + strings.Join(allowed, ", ") + " may"
		}
	}
	ours, inHouse := strings.CutPrefix(target, module)
	switch {
	case from == "services/call" && (!standard(target) || under(target, "net", "os", "database/sql")):
		return "call is words: the standard library, and none of its doors to the outside"
	case !inHouse:
		return ""
	case ours == "services/servertest" && !strings.HasPrefix(from, "deployments/e2e"):
		return "servertest is for tests"
	case slices.Contains(doors, from) && ours != "services/call":
		return "a door knows call and nothing else of ours"
	case from == "services/process":
		return "process knows nothing else of ours"
	case under(from, "services/embedded", "services/servertest") && !under(ours, "services/embedded"):
		return "the servers know nothing of those who use them"
	case slices.Contains(stages, from) && under(ours, "services/embedded"):
		return "a stage brings no server along"
	case !under(ours, "services") && !strings.HasPrefix(ours, from+"/") && !strings.HasPrefix(from, "deployments/e2e"):
		return "programs never import one another"
	}
	return ""
}

// forbiddenInTest is the same for tests: those may start servers, and those of the servers may talk to them directly.
func forbiddenInTest(from, target string) string {
	if target == module+"services/servertest" || target == module+from || under(from, "services/embedded", "services/servertest") {
		return ""
	}
	return forbidden(from, target)
}

func under(name string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return name == f || strings.HasPrefix(name, f+"/") })
}

// standard reports whether an import path belongs to the standard library: its first element has no dot.
func standard(target string) bool {
	first, _, _ := strings.Cut(target, "/")
	return !strings.Contains(first, ".")
}

// packages lists every package of the workspace. Folders without Go files yet are no packages.
func packages(t *testing.T) []listed {
	t.Helper()
	dirs := strings.Fields(goList(t, "-m", "-f", "{{.Dir}}"))
	if len(dirs) < 8 {
		t.Fatalf("the workspace has the modules %q, want those of go.work", dirs)
	}
	for i := range dirs {
		dirs[i] += "/..."
	}
	decoder := json.NewDecoder(strings.NewReader(goList(t, append([]string{"-e", "-json"}, dirs...)...)))
	var list []listed
	for {
		var p listed
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		p.ImportPath = strings.TrimPrefix(p.ImportPath, module)
		list = append(list, p)
	}
	if !slices.ContainsFunc(list, func(p listed) bool { return p.ImportPath == "services/process" }) {
		t.Fatal("go list does not know services/process: the rules were tested on nothing")
	}
	return list
}

func goList(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	cmd.Dir = path.Join("..", "..")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("go list %q: %v\n%s", args, err, &stderr)
	}
	return stdout.String()
}
