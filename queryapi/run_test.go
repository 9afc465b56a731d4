package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/process"
	"github.com/cdrflow/cdrflow/services/servertest"
)

var openAddress = regexp.MustCompile(`api address open.*"?addr"?[=:]"?([0-9.:]+)`)

// addressIn waits until the log names the address of the API.
func addressIn(t *testing.T, log *transcript) string {
	t.Helper()
	var addr string
	servertest.Eventually(t, 30*time.Second, func() bool {
		if m := openAddress.FindStringSubmatch(log.String()); m != nil {
			addr = m[1]
		}
		return addr != ""
	}, "the API opens its address")
	return addr
}

func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestRun(t *testing.T) {
	t.Parallel()
	warehouse, bucket, nats := servertest.ClickHouse(t), servertest.MinIO(t), servertest.NATS(t)
	nats.Stop(t) // it comes later than the API
	dir := t.TempDir()
	put(t, dir, "secret", secret+"\n")
	put(t, dir, "monitor/local.wav", voice)
	store, err := clickhouse.Open(clickhouse.Config{DSN: warehouse.DSN}, "test")
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := store.Insert(t.Context(), []call.Call{recorded(1, "local.wav"), recorded(2, "stored.wav")}, "a"); err != nil {
		t.Fatal(err)
	}
	upload(t, newVault(t, bucket), "pbx/stored.wav", voice)

	login := newProvider(t)
	// Revoked by another process, before this one starts.
	if err := store.Revoke(t.Context(), clickhouse.Revocation{JTI: "revoked", Orgs: []uint32{1}}); err != nil {
		t.Fatal(err)
	}

	log := &transcript{}
	p := process.New("queryapi", []string{
		"JWKS_URL=" + login.URL, "NATS_URL=" + nats.URL, "CLICKHOUSE_DSN=" + warehouse.DSN, "JWT_SECRET_FILE=" + filepath.Join(dir, "secret"), "RECORDINGS_DIR=" + filepath.Join(dir, "monitor"),
		"MINIO_ENDPOINT=" + bucket.Endpoint, "MINIO_ACCESS_KEY=" + bucket.AccessKey, "MINIO_SECRET_KEY=" + bucket.SecretKey, "MINIO_BUCKET=" + bucket.Name,
		"HTTP_ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0", "MEMORY_LIMIT=0",
	}, log)
	defer p.Close()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, p) }()
	api := "http://" + addressIn(t, log) + "/api/v1/calls"
	token := "?token=" + tokenOf(t, "agent", 1)
	for _, id := range []string{"1", "2"} {
		if status, body := fetch(t, api+"/"+id+"/recording"+token); status != http.StatusOK || body != voice {
			t.Errorf("recording %s: %d %s", id, status, body)
		}
	}
	for who, want := range map[string]int{"kept": http.StatusOK, "revoked": http.StatusUnauthorized} {
		if status, body := fetch(t, api+"/1/recording?token="+login.by(t, "e", jwt.MapClaims{"jti": who})); status != want {
			t.Errorf("a token of the identity provider, %s: %d %s", who, status, body)
		}
	}
	admin := "http://" + p.AdminAddr()
	for path, want := range map[string]string{
		"/livez": `"live":true`, "/readyz": `"clickhouse":"ok"`,
		"/metrics": `queryapi_requests_total{route="/api/v1/calls/{id}/recording",status="200"} 3`,
	} {
		if status, body := fetch(t, admin+path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d, no %s in %s", path, status, want, body)
		}
	}
	nats.Start(t)
	enricher(t, nats.URL, func(context.Context, []byte) ([]byte, error) { return []byte(explanation), nil })
	servertest.Eventually(t, time.Minute, func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, api+"/1/explain", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+tokenOf(t, "agent", 1))
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return err == nil && response.StatusCode == http.StatusOK && string(body) == explanation
	}, "a call is explained")
	stop()
	if err := <-ended; err != nil {
		t.Errorf("a clean stop ends with %v", err)
	}
	if strings.Contains(log.String(), secret) || strings.Contains(log.String(), token) {
		t.Errorf("a secret is in the log:\n%s", log)
	}
}

func TestConfigMessages(t *testing.T) {
	t.Parallel()
	good := map[string]string{"CLICKHOUSE_DSN": "http://u:p@127.0.0.1:8123/cdrflow", "JWT_SECRET": secret, "ADMIN_ADDR": ""}
	for _, test := range []struct {
		set  []string
		want []string
	}{
		{[]string{"JWT_SECRET="}, []string{"JWT_SECRET is not set, and neither is JWKS_URL: want the secret that tokens are signed with, at least 32 bytes (or its path in JWT_SECRET_FILE)"}},
		{[]string{"JWT_SECRET=short"}, []string{"JWT_SECRET is 5 bytes long, want at least 32: make one with openssl rand -base64 48"}},
		{[]string{"CLICKHOUSE_DSN=", "JWT_SECRET=short"}, []string{"CLICKHOUSE_DSN is not set", "JWT_SECRET is 5 bytes"}},
		{[]string{"JWKS_URL=http://login.example.com/keys"}, []string{"JWKS_URL has the scheme http, want https"}},
		{[]string{"JWT_SECRET=", "JWKS_URL=https://login.example.com/keys", "HTTP_ADDR=8080"}, []string{"HTTP_ADDR"}},
		{[]string{"MASK_NUMBERS=agent, admn"}, []string{`MASK_NUMBERS holds " admn", want roles with commas between them: agent, supervisor or admin`}},
		{[]string{"LINK_SECRET=short"}, []string{"LINK_SECRET is 5 bytes long, want at least 32"}},
		{[]string{"REVOKED_EVERY=1ms"}, []string{"REVOKED_EVERY is 1ms, want 1s to 5m"}},
		{[]string{"REQUIRE_JTI=perhaps"}, []string{`REQUIRE_JTI is "perhaps", want true or false`}},
		{[]string{"HTTP_ADDR=8080"}, []string{`HTTP_ADDR is "8080", want host:port such as 127.0.0.1:8080`}},
		{[]string{"QUERY_TIMEOUT=10"}, []string{`QUERY_TIMEOUT is "10", want a duration such as 30s`}},
		{[]string{"QUERY_TIMEOUT=0s"}, []string{"QUERY_TIMEOUT is 0s, want 100ms to 5m"}},
		{[]string{"STOP_TIMEOUT=-1s"}, []string{"STOP_TIMEOUT is -1s, want 0s to 1h"}},
		{[]string{"NATS_URL=nats.example.com"}, []string{"want nats://host:port or tls://host:port"}},
		{[]string{"JWT_SECRT=" + secret}, []string{"JWT_SECRT is not a setting; did you mean JWT_SECRET?"}},
		{[]string{"MINIO_ENDPOINT=127.0.0.1:9000"}, []string{"MINIO_ACCESS_KEY is not set", "MINIO_SECRET_KEY is not set"}},
	} {
		var environ []string
		for name, value := range good {
			environ = append(environ, name+"="+value)
		}
		p := process.New("queryapi", append(environ, test.set...), io.Discard)
		err := run(t.Context(), p)
		if err == nil {
			t.Errorf("%v was accepted", test.set)
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%v: %v, want %s", test.set, err, want)
			}
		}
	}
}

func TestAddressTaken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for addr, want := range map[string]string{
		taken.Addr().String(): "which another process listens on already: choose a free one",
		"192.0.2.1:80":        `HTTP_ADDR is "192.0.2.1:80", want host:port such as 127.0.0.1:8080`,
	} {
		s := newSite(t, &fixed{}, nil, nil)
		err := s.serve(t.Context(), config{HTTPAddr: addr}, func() {})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", addr, err, want)
		}
	}
}

// A stop lets requests under way finish, for as long as STOP_TIMEOUT.
func TestStop(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		wait     time.Duration
		finished bool
	}{{"patient", time.Minute, true}, {"impatient", 50 * time.Millisecond, false}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			entered, goOn := make(chan struct{}), make(chan struct{})
			s := newSite(t, &fixed{calls: []call.Call{missed(1, 1)}, before: func(ctx context.Context) {
				close(entered)
				select {
				case <-goOn:
				case <-ctx.Done():
				}
			}}, nil, nil)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			ended := make(chan error, 1)
			go func() {
				ended <- s.serve(ctx, config{HTTPAddr: "127.0.0.1:0", StopTimeout: test.wait}, func() {})
			}()
			addr := addressIn(t, s.log)
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+"/api/v1/calls/1", nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Authorization", "Bearer "+tokenOf(t, "agent", 1))
			answered := make(chan error, 1)
			go func() {
				client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
				response, err := client.Do(request)
				if err == nil {
					_, err = io.ReadAll(response.Body)
					response.Body.Close()
				}
				answered <- err
			}()
			<-entered
			stop()
			if !test.finished {
				if err := <-ended; err != nil {
					t.Error(err)
				}
				if err := <-answered; err == nil {
					t.Error("a request outlived STOP_TIMEOUT")
				}
				return
			}
			// New connections are refused while the old request still runs.
			servertest.Eventually(t, 30*time.Second, func() bool {
				conn, err := net.Dial("tcp", addr)
				if err == nil {
					conn.Close()
				}
				return err != nil
			}, "the address is closed")
			select {
			case err := <-ended:
				t.Fatalf("stopped before the request under way was answered: %v", err)
			default:
			}
			close(goOn)
			if err := <-answered; err != nil {
				t.Errorf("the request under way: %v", err)
			}
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}
