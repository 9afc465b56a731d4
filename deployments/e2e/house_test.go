package e2e

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql" // the tests write the PBX's rows themselves

	"github.com/cdrflow/cdrflow/services/embedded"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

// A house is the real binaries on real servers, each a process that can be killed.
type house struct {
	t          testing.TB
	dir        string
	nats       *servertest.NATSProcess
	clickhouse *servertest.ClickHouseProcess
	mariadb    *servertest.MariaDBProcess
	minio      *servertest.MinIOProcess
	db         *sql.DB
	api        string
	stages     map[string]*embedded.Child
	admin      map[string]string
	secret     string
}

// newHouse starts the servers and no stage.
func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{
		t: t, dir: t.TempDir(), stages: map[string]*embedded.Child{}, admin: map[string]string{},
		secret: "a secret of the tests, long enough for HS256",
	}
	h.nats, h.clickhouse, h.mariadb = servertest.NATSChild(t), servertest.ClickHouseChild(t), servertest.MariaDBChild(t)
	db, err := sql.Open("mysql", h.mariadb.Database.DSN)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(8)
	h.db = db
	t.Cleanup(func() { db.Close() })
	addr, err := embedded.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	h.api = addr
	return h
}

// withMinIO adds the store of recordings.
func (h *house) withMinIO() *house {
	h.t.Helper()
	h.minio = servertest.MinIOChild(h.t)
	return h
}

var binaries struct {
	sync.Once
	dir string
	err error
}

// binary of a stage, built once with the drill points in it.
func binary(t testing.TB, name string) string {
	t.Helper()
	binaries.Do(func() {
		root, err := embedded.SourceTree()
		if err != nil {
			binaries.err = err
			return
		}
		binaries.dir = filepath.Join(root, "bin", "test", "drill") + "/"
		args := []string{"build", "-tags", "drill", "-o", binaries.dir}
		for _, stage := range []string{"poller", "enricher", "ticketer", "queryapi", "archiver"} {
			args = append(args, "./"+stage)
		}
		build := exec.Command("go", args...)
		build.Dir = root
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
		if err := os.MkdirAll(binaries.dir, 0o755); err != nil {
			binaries.err = err
			return
		}
		if out, err := build.CombinedOutput(); err != nil {
			binaries.err = fmt.Errorf("build the stages: %w\n%s", err, out)
		}
	})
	if binaries.err != nil {
		t.Fatal(binaries.err)
	}
	return binaries.dir + name
}

// environment that every stage of the house gets; more is appended and wins.
func (h *house) environment(more ...string) []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + h.dir, "LOG_FORMAT=text",
		"NATS_URL=" + h.nats.URL, "CLICKHOUSE_DSN=" + h.clickhouse.Warehouse.DSN, "MARIADB_DSN=" + h.mariadb.Database.ReaderDSN,
		"JWT_SECRET=" + h.secret, "HTTP_ADDR=" + h.api, "RATE_LIMITS=", "SOURCE=pbx", "POLL_EVERY=1s", "RECORDINGS_DIR=" + h.dir,
	}
	if h.minio != nil {
		env = append(env, "MINIO_ENDPOINT="+h.minio.Bucket.Endpoint, "MINIO_ACCESS_KEY="+h.minio.AccessKey,
			"MINIO_SECRET_KEY="+h.minio.SecretKey, "MINIO_BUCKET="+h.minio.Bucket.Name)
	}
	return append(env, more...)
}

// start a stage under a name of its own ("enricher", "enricher-2"); the binary is what stands before the dash.
func (h *house) start(name string, env ...string) *embedded.Child {
	h.t.Helper()
	admin, err := embedded.FreeAddr()
	if err != nil {
		h.t.Fatal(err)
	}
	stage, _, _ := strings.Cut(name, "-")
	log, err := os.Create(filepath.Join(h.dir, name+".log"))
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	child, err := embedded.Start(ctx, embedded.Command{
		Name: name, Path: binary(h.t, stage), Env: append(h.environment("ADMIN_ADDR="+admin), env...), Output: log,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.stages[name], h.admin[name] = child, admin
	h.t.Cleanup(func() {
		child.Kill()
		log.Close()
		if h.t.Failed() {
			h.t.Logf("%s wrote last:\n%s", name, child.Tail())
		}
	})
	return child
}

// restart a stage that was killed.
func (h *house) restart(name string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	if err := h.stages[name].Restart(ctx); err != nil {
		h.t.Fatal(err)
	}
}

// stop a stage the polite way; it fails the test when the stage takes longer than 20 seconds or leaves with an error.
func (h *house) stop(name string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := h.stages[name].Stop(ctx); err != nil {
		h.t.Fatal(err)
	}
	if err := h.stages[name].Err(); err != nil {
		h.t.Errorf("%s left with %v:\n%s", name, err, h.stages[name].Tail())
	}
}

// series of a stage, as it shows them; none while it does not answer.
func (h *house) series(name string) string {
	response, err := http.Get("http://" + h.admin[name] + "/metrics")
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return ""
	}
	return string(text)
}

// metric of a stage, the sum of all its series that have the given labels in them; absent series count 0.
func (h *house) metric(name, metric string, labels ...string) float64 {
	h.t.Helper()
	sum := 0.0
	for line := range strings.SplitSeq(h.series(name), "\n") {
		series, value, ok := strings.Cut(line, " ")
		bare, _, _ := strings.Cut(series, "{")
		if !ok || bare != metric {
			continue
		}
		matches := true
		for _, l := range labels {
			matches = matches && strings.Contains(series, l)
		}
		var v float64
		if _, err := fmt.Sscan(value, &v); err == nil && matches {
			sum += v
		}
	}
	return sum
}

// exec runs a statement on the PBX's database.
func (h *house) exec(statement string, args ...any) {
	h.t.Helper()
	if _, err := h.db.ExecContext(h.t.Context(), statement, args...); err != nil {
		h.t.Fatalf("%.200s: %v", statement, err)
	}
}

// get asks the API; the answer is decoded with all digits of its numbers.
func (h *house) get(path, token string, answer any) (int, error) {
	request, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, "http://"+h.api+path, nil)
	if err != nil {
		return 0, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	decoder := json.NewDecoder(response.Body)
	decoder.UseNumber()
	if err := decoder.Decode(answer); err != nil {
		return response.StatusCode, fmt.Errorf("%s answered %s and no JSON: %w", path, response.Status, err)
	}
	return response.StatusCode, nil
}

// page is the envelope of a list.
type page struct {
	Data       []map[string]any `json:"data"`
	Pagination struct {
		Total   int  `json:"total"`
		Limit   int  `json:"limit"`
		Offset  int  `json:"offset"`
		HasMore bool `json:"has_more"`
	} `json:"pagination"`
}

// calls reads every call that token sees, page by page.
func (h *house) calls(token string) ([]map[string]any, error) {
	var all []map[string]any
	for offset := 0; ; offset += 200 {
		var p page
		status, err := h.get(fmt.Sprintf("/api/v1/calls?limit=200&offset=%d", offset), token, &p)
		if err != nil {
			return nil, err
		}
		if status != http.StatusOK {
			return nil, fmt.Errorf("list answered %d", status)
		}
		all = append(all, p.Data...)
		if !p.Pagination.HasMore {
			if len(all) != p.Pagination.Total {
				return nil, fmt.Errorf("%d calls listed, total says %d", len(all), p.Pagination.Total)
			}
			return all, nil
		}
	}
}

// total asks how many calls a token sees, -1 while the API cannot say.
func (h *house) total(token string) int {
	var p page
	if status, err := h.get("/api/v1/calls?limit=1", token, &p); err != nil || status != http.StatusOK {
		return -1
	}
	return p.Pagination.Total
}
