package clickhouse_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// The view must say what the Call Logs API says of the same conversation.
func TestViewOfConversations(t *testing.T) {
	t.Parallel()
	store := open(t)
	rich := leg(1, 1, "1795228246.1", 0)
	rich.Conversation.Detail = `{"src":"s","dst":"d","did":"i","trunk":"t","source_name":"Ünal","requested_extension":"r","requested_name":"rn",
		"requested_context":"rc","destination_extension":"de","destination_name":"dn","destination_context":"dc","queue_wait_time":0,
		"answered_agent":"aa","hangup_cause":"17","hangup_reason":"busy","hangup_source":"hs"}`
	bare := leg(2, 2, "1795228246.2", 0)
	bare.Joined, bare.Conversation.Legs, bare.Conversation.Detail = "1795228246.0", 1, ""
	several := bare
	several.ID, several.Linkedid, several.Conversation.Legs, several.Joined, several.RangExtension = 3, "1795228246.3", 2, "", ""
	nothing := call.Blank(4)
	nothing.OrgID, nothing.Calldate, nothing.Version, nothing.Source, nothing.Uniqueid = 1, rich.Calldate, rich.Version, "pbx", "1795228246.4"
	nothing.Conversation.Legs, nothing.Conversation.DisconnectedBy = 1, call.ByUnknown
	heads := []call.Call{rich, bare, several, nothing}
	insert(t, store, "a", append(heads, follow(leg(5, 1, "1795228246.1", 1)), omit(leg(6, 1, "1795228246.6", 1)))...)
	store.Age(t, time.Hour)
	if n := store.Text(t, "SELECT toString(count()) FROM conversations"); n != "4" {
		t.Errorf("the view has %s rows, want 4", n)
	}
	for _, c := range heads {
		text, err := c.AppendConversationJSON(nil, true, nil)
		if err != nil {
			t.Fatal(err)
		}
		var want, got map[string]any
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		row := store.Text(t, fmt.Sprintf(`SELECT formatRowNoNewline('JSONEachRow', *) FROM conversations WHERE head_id = %d
			SETTINGS output_format_json_quote_64bit_integers = 0, date_time_output_format = 'iso'`, c.ID))
		if err := json.Unmarshal([]byte(row), &got); err != nil {
			t.Fatalf("%v: %s", err, row)
		}
		want["legs"] = want["leg_count"]
		for name, value := range got {
			switch name {
			case "head_id", "detail":
				continue
			case "start", "answer", "end":
				value, want[name] = instant(t, value), instant(t, want[name])
			case "answered", "settled", "withheld":
				value = value == true || value == 1.
			case "tags":
				value = fmt.Sprint(value)
				want[name] = fmt.Sprint(want[name])
			}
			if w := want[name]; !reflect.DeepEqual(value, w) && (value != "" || w != nil) {
				t.Errorf("conversation %d: %s is %v in the view, %v in the API", c.ID, name, value, w)
			}
		}
	}
}

// instant of a time as either writes it.
func instant(t *testing.T, value any) any {
	t.Helper()
	if value == nil {
		return nil
	}
	at, err := time.Parse(time.RFC3339, value.(string))
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMilli()
}
