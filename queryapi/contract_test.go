package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// The contract as the tests read it, and what all tests of this package together have exercised of it.
var (
	contract = func() *openapi3.T {
		doc, err := openapi3.NewLoader().LoadFromData(openapi)
		if err != nil {
			panic(err)
		}
		return doc
	}()
	operations = func() routers.Router {
		router, err := gorillamux.NewRouter(contract)
		if err != nil {
			panic(err)
		}
		return router
	}()
	exercised = struct {
		sync.Mutex
		times map[string]int // by "listCalls 200" or "listCalls ?limit"
	}{times: map[string]int{}}
)

// exercise counts one use and tells how often there was one before.
func exercise(what string) int {
	exercised.Lock()
	defer exercised.Unlock()
	exercised.times[what]++
	return exercised.times[what] - 1
}

func TestContractIsValid(t *testing.T) {
	t.Parallel()
	if err := contract.Validate(t.Context(), openapi3.DisableExamplesValidation()); err != nil {
		t.Error(err)
	}
	for path, item := range contract.Paths.Map() {
		for method, op := range item.Operations() {
			if op.OperationID == "" || op.Summary == "" || len(op.Tags) != 1 {
				t.Errorf("%s %s lacks its operationId, summary or tag", method, path)
			}
		}
	}
}

// The contract has the router's operations, no more and no fewer, and names the right that each needs.
func TestContractIsTheRouter(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{}, nil, nil)
	served := map[string]route{}
	for _, op := range s.routes() {
		if !strings.HasSuffix(op.path, "/*") { // what a page loads
			served[op.method+" "+op.path] = op
		}
	}
	for path, item := range contract.Paths.Map() {
		for method, op := range item.Operations() {
			name := method + " " + path
			r, found := served[name]
			if !found {
				t.Errorf("%s is in the contract and not served", name)
				continue
			}
			delete(served, name)
			for _, kind := range *op.Security {
				for scheme, rights := range kind {
					if !slices.Contains([]string{"bearer", "tokenInAddress"}, scheme) || !slices.Equal(rights, []string{string(r.need)}) || scheme == "tokenInAddress" && !r.inAddress {
						t.Errorf("%s: the contract says %s %v, the router %q", name, scheme, rights, r.need)
					}
				}
			}
			if (len(*op.Security) == 0) != (r.need == "") || (len(*op.Security) == 2) != r.inAddress {
				t.Errorf("%s: the contract has %v, the router needs %q", name, *op.Security, r.need)
			}
		}
	}
	for name := range served {
		t.Errorf("%s is served and not in the contract", name)
	}
}

// watched holds every answer that a test gets against the contract.
func watched(t testing.TB, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		asked := r.Clone(r.Context())
		asked.Method, asked.URL.Host = method, ""
		op, params, err := operations.FindRoute(asked)
		if err != nil {
			next.ServeHTTP(w, r) // no operation: the answer is a problem, which its test looks at
			return
		}
		tee := &tee{ResponseWriter: w}
		next.ServeHTTP(tee, r)
		holdAgainst(t, r, op, params, tee)
	})
}

func holdAgainst(t testing.TB, r *http.Request, op *routers.Route, params map[string]string, got *tee) {
	if got.status == statusCallerLeft || got.status == http.StatusMethodNotAllowed {
		return
	}
	id := op.Operation.OperationID
	for name := range r.URL.Query() {
		exercise(id + " ?" + name)
	}
	for name := range r.Header {
		exercise(id + " " + name)
	}
	status := strconv.Itoa(got.status)
	if op.Operation.Responses.Value(status) == nil {
		status = "default"
	}
	// A hundredth answer of the same kind is validated no better than the first few.
	if exercise(id+" "+status) > 20 || r.Method == http.MethodHead {
		return
	}
	var body io.Reader = &got.body
	if got.Header().Get("Content-Encoding") == "gzip" && !got.cut && got.body.Len() > 0 {
		plain, err := gzip.NewReader(&got.body)
		if err != nil {
			t.Errorf("%s %s is not what it says, gzip: %v", r.Method, r.URL.Path, err)
			return
		}
		body = plain
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: op},
		Status:                 got.status, Header: got.Header(), Body: io.NopCloser(body),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: got.cut || !validated(got.Header().Get("Content-Type"))},
	}
	if err := openapi3filter.ValidateResponse(r.Context(), input); err != nil {
		t.Errorf("%s %s answers %d otherwise than the contract says: %.2000s", r.Method, r.URL.Path, got.status, err)
	}
}

// validated tells a body that has a schema.
func validated(media string) bool {
	return strings.Contains(media, "json") && media != "application/x-ndjson"
}

// tee keeps a copy of an answer's beginning.
type tee struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
	cut    bool // the copy is not the whole answer
}

func (t *tee) WriteHeader(status int) {
	if t.status == 0 {
		t.status = status
	}
	t.ResponseWriter.WriteHeader(status)
}

func (t *tee) Write(b []byte) (int, error) {
	if t.status == 0 {
		t.status = http.StatusOK
	}
	if t.cut = t.cut || t.body.Len()+len(b) > 1<<20; !t.cut {
		t.body.Write(b)
	}
	return t.ResponseWriter.Write(b)
}

// Flush is here by name: what stands between an answer and the wire asks for it so.
func (t *tee) Flush() { _ = http.NewResponseController(t.ResponseWriter).Flush() }

func (t *tee) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// suite is all tests of the package, and behind them the question whether anything in the contract went unexercised.
type suite struct {
	*testing.M
	whole bool
}

func (s suite) Run() int {
	code := s.M.Run()
	if code != 0 || !s.whole {
		return code
	}
	for _, missing := range unexercised() {
		fmt.Println("--- FAIL: in openapi.yaml and exercised by no test:", missing)
		code = 1
	}
	return code
}

// unexercised lists operations' statuses and parameters that no test of this run has met.
func unexercised() (missing []string) {
	exercised.Lock()
	defer exercised.Unlock()
	for path, item := range contract.Paths.Map() {
		for _, op := range item.Operations() {
			for status := range op.Responses.Map() {
				if exercised.times[op.OperationID+" "+status] == 0 {
					missing = append(missing, op.OperationID+" "+status)
				}
			}
			for _, p := range slices.Concat(item.Parameters, op.Parameters) {
				name := map[string]string{"query": " ?" + p.Value.Name, "header": " " + http.CanonicalHeaderKey(p.Value.Name)}[p.Value.In]
				if name != "" && exercised.times[op.OperationID+name] == 0 {
					missing = append(missing, op.OperationID+name+" ("+path+")")
				}
			}
		}
	}
	slices.Sort(missing)
	return missing
}
