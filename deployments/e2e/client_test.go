package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/cdrflow/cdrflow/deployments/e2e/calllogs"
	"github.com/cdrflow/cdrflow/services/embedded"
)

// client is one that anybody could generate from the contract.
func (h *house) client(token string) *calllogs.ClientWithResponses {
	h.t.Helper()
	c, err := calllogs.NewClientWithResponses("http://"+h.api, calllogs.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	}))
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// clientReads has the generated client read what plain HTTP read: every page, every call and conversation by its id, and
// why a call is understood as it is.
func (h *house) clientReads(token string, shown []map[string]any) {
	h.t.Helper()
	c, ctx, n := h.client(token), h.t.Context(), 0
	limit, offset := 100, 0
	for more := true; more; offset += limit {
		page, err := c.ListCallsWithResponse(ctx, &calllogs.ListCallsParams{Limit: &limit, Offset: &offset})
		if err != nil || page.JSON200 == nil || page.JSON200.Pagination.Total != int64(len(shown)) {
			h.t.Fatalf("list at %d: %v, %s", offset, err, page.Body)
		}
		for _, got := range page.JSON200.Data {
			want := shown[n]
			if fmt.Sprint(got.Id) != fmt.Sprint(want["id"]) || string(got.Direction) != want["direction"] || got.ConversationId != want["conversation_id"] || got.Outcome != nil && *got.Outcome != want["outcome"] {
				h.t.Errorf("the client reads call %d %s of %s, the list shows %v", got.Id, got.Direction, got.ConversationId, want)
			}
			n++
		}
		more = page.JSON200.Pagination.HasMore
	}
	if n != len(shown) {
		h.t.Errorf("the client read %d calls of %d", n, len(shown))
	}
	conversations, err := c.ListConversationsWithResponse(ctx, &calllogs.ListConversationsParams{Limit: &limit})
	if err != nil || conversations.JSON200 == nil || len(conversations.JSON200.Data) != limit {
		h.t.Fatalf("conversations: %v, %s", err, conversations.Body)
	}
	for _, listed := range conversations.JSON200.Data[:20] {
		one, err := c.GetConversationWithResponse(ctx, listed.ConversationId, &calllogs.GetConversationParams{OrgId: &listed.OrgId})
		if err != nil || one.JSON200 == nil || len(one.JSON200.Legs) != listed.LegCount || one.JSON200.Start != listed.Start {
			h.t.Fatalf("conversation %s: %v, %s", listed.ConversationId, err, one.Body)
		}
		leg, err := c.GetCallWithResponse(ctx, one.JSON200.Legs[0].Id, nil)
		if err != nil || leg.JSON200 == nil || leg.JSON200.ConversationId != listed.ConversationId {
			h.t.Fatalf("call %d: %v, %s", one.JSON200.Legs[0].Id, err, leg.Body)
		}
	}
	id, err := strconv.ParseInt(fmt.Sprint(shown[0]["id"]), 10, 64)
	if err != nil {
		h.t.Fatal(err)
	}
	why, err := c.ExplainCallWithResponse(ctx, id)
	if err != nil || why.JSON200 == nil || len(why.JSON200.Fields) < 10 {
		h.t.Fatalf("explain: %v, %s", err, why.Body)
	}
	wrong := 500
	refused, err := c.ListCallsWithResponse(ctx, &calllogs.ListCallsParams{Limit: &wrong})
	if err != nil || refused.ApplicationproblemJSON400 == nil || refused.ApplicationproblemJSON400.Code != "parameter_invalid" {
		h.t.Errorf("limit 500: %v, %s", err, refused.Body)
	}
}

// The client in this tree is what the contract generates today.
func TestClientIsGenerated(t *testing.T) {
	t.Parallel()
	root, err := embedded.SourceTree()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "deployments", "e2e", "calllogs")
	fresh := filepath.Join(t.TempDir(), "client.gen.go")
	generate := exec.CommandContext(t.Context(), "go", "tool", "-modfile=../../tools/openapi/go.mod", "oapi-codegen", "-config", "client.yaml", "-o", fresh, "../../../queryapi/openapi.yaml")
	generate.Dir, generate.Env = dir, append(os.Environ(), "GOWORK=off")
	if out, err := generate.CombinedOutput(); err != nil {
		t.Fatalf("generate the client: %v\n%s", err, out)
	}
	want, err := os.ReadFile(fresh)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "client.gen.go"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("deployments/e2e/calllogs/client.gen.go is not what queryapi/openapi.yaml generates: run make docs")
	}
}
