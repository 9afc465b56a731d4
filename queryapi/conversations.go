package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// conversations answers GET /api/v1/conversations: one for each organisation that has a part in it, and its legs by name.
func (a *api) conversations(w http.ResponseWriter, r *http.Request, h *holder) error {
	p, err := a.page(r, h, listOfConversations, nil)
	if err != nil {
		return err
	}
	var heads []clickhouse.Head
	var says pagination
	err = a.ask(r, func(ctx context.Context) (err error) {
		more := clickhouse.ConversationQuery(p.ListQuery)
		more.Limit++
		a.totals.ahead(ctx, p.wanted())
		if heads, err = a.history.Conversations(ctx, p.scope, more); err != nil {
			return err
		}
		says, err = a.described(ctx, &p, len(heads), func() clickhouse.Position { return p.Sort.Conversation(&heads[p.Limit-1]) })
		return err
	})
	if err != nil {
		return err
	}
	writePage(w, says, min(len(heads), p.Limit), func(dst []byte, i int) []byte { return a.appendConversation(dst, h, &heads[i], nil) })
	return nil
}

// conversation answers GET /api/v1/conversations/{id} with the conversation and its whole legs, oldest first.
func (a *api) conversation(w http.ResponseWriter, r *http.Request, h *holder) error {
	head, legs, err := a.findConversation(r, h)
	if err != nil {
		return err
	}
	writeUnlessKnown(w, r, "application/json", append(a.appendConversation(nil, h, &head, legs), '\n'))
	return nil
}

// explainConversation answers GET /api/v1/conversations/{id}/explain.
func (a *api) explainConversation(w http.ResponseWriter, r *http.Request, h *holder) error {
	head, _, err := a.findConversation(r, h)
	if err != nil {
		return err
	}
	return ofConversation(a.explain(w, r, h, call.Explain{Conversation: head.ConversationID(), OrgID: head.OrgID}))
}

// findConversation finds the conversation that the path names, as one organisation sees it: the one that org_id chooses,
// otherwise that of the oldest leg among those the token sees.
func (a *api) findConversation(r *http.Request, h *holder) (head clickhouse.Head, legs []call.Call, err error) {
	values, err := parameters(r.URL.RawQuery, "org_id")
	if err != nil {
		return head, nil, err
	}
	scope, err := narrowed(h.scope, values)
	if err != nil {
		return head, nil, err
	}
	key, err := conversationKey(r)
	if err != nil {
		return head, nil, err
	}
	var heads []clickhouse.Head
	err = a.ask(r, func(ctx context.Context) (err error) {
		heads, legs, err = a.history.Conversation(ctx, scope, key)
		return err
	})
	if err == nil && len(heads) == 0 { // legs of a time before there were conversations, or whose head is on its way
		err = clickhouse.ErrNotFound
	}
	if err != nil {
		return head, nil, ofConversation(err)
	}
	head = heads[0]
	legs = slices.DeleteFunc(legs, func(c call.Call) bool {
		return c.OrgID != head.OrgID || c.ConversationKey() != head.ConversationKey()
	})
	return head, legs, nil
}

// conversationKey reads the id in the path, which may be escaped.
func conversationKey(r *http.Request) (clickhouse.Key, error) {
	text := chi.URLParam(r, "id")
	if r.URL.RawPath != "" { // then the router has cut that one up
		if plain, err := url.PathUnescape(text); err == nil {
			text = plain
		}
	}
	source, linkedid, found := strings.Cut(text, ":")
	if !found || source == "" || linkedid == "" {
		return clickhouse.Key{}, &refusal{parameterInvalid, fmt.Sprintf("id is %s, want a conversation_id such as pbx:1795228246.702", quoted(text)), "id"}
	}
	return clickhouse.Key{Source: source, Linkedid: linkedid}, nil
}

// ofConversation gives a missing conversation its own words, the same where it belongs to another organisation.
func ofConversation(err error) error {
	if errors.Is(err, clickhouse.ErrNotFound) {
		return refuse(conversationNotFound, "there is no conversation with this id")
	}
	return err
}
