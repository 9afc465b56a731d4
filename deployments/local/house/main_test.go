package house

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain lets this program be a stage when it is called by the name of one: it answers at its admin address, and a
// queryapi at its own. Real stages on real servers are started in deployments/e2e.
func TestMain(m *testing.M) {
	name := filepath.Base(os.Args[0])
	switch {
	case slices.Contains(Stages, name):
		standIn(name)
	case len(os.Args) > 1 && os.Args[1] == ServeLogsUpdate:
		serve(os.Args[3], name)
	default:
		goleak.VerifyTestMain(m)
	}
}

func standIn(name string) {
	if os.Getenv("FAILS") == name {
		fmt.Println(`level=ERROR msg="configuration refused" err="SOMETHING is wrong"`)
		os.Exit(1)
	}
	// Before anything answers: whoever gets an answer may send the signal.
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	if name == "queryapi" {
		go serve(os.Getenv("HTTP_ADDR"), name)
	}
	go serve(os.Getenv("ADMIN_ADDR"), name)
	for os.Getenv("GIVES_UP") == name {
		if _, err := os.Stat(filepath.Join(os.Getenv("RECORDINGS_DIR"), "..", "give-up")); err == nil {
			os.Exit(1)
		}
		time.Sleep(5 * time.Millisecond)
	}
	<-ended
	if os.Getenv("HANGS") == name {
		select {}
	}
	fmt.Println("the end")
}

func serve(addr, name string) {
	server := http.Server{Addr: addr, ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(
		func(w http.ResponseWriter, q *http.Request) {
			if q.URL.Path == "/environment" {
				fmt.Fprintln(w, os.Environ())
			}
		},
	)}
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		fmt.Println(name, err)
		os.Exit(1)
	}
}
