package main

import (
	"encoding/json"
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

// hangup is what a site's hang-up handler left in userfield.
type hangup struct{ source, cause string }

// parseHangup reads the forms that sites write: hangupsource=…|hangupcause=…, hs=…,hc=…, a JSON object, and the values of
// both parties joined by a semicolon, as Asterisk does when party A and party B each have one. Party A's comes first and
// wins. What has no such form yields nothing: userfield is also used for quite other things.
func parseHangup(userfield string) hangup {
	var h hangup
	for part := range strings.SplitSeq(userfield, ";") {
		found := parseParty(part)
		if h.source == "" {
			h.source = found.source
		}
		if h.cause == "" {
			h.cause = found.cause
		}
	}
	return h
}

func parseParty(text string) hangup {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "{") {
		var o struct {
			Source string      `json:"hangupsource"`
			HS     string      `json:"hs"`
			Cause  json.Number `json:"hangupcause"`
			HC     json.Number `json:"hc"`
		}
		if json.Unmarshal([]byte(text), &o) != nil {
			return hangup{}
		}
		return hangup{source: first(o.Source, o.HS), cause: cause(first(o.Cause.String(), o.HC.String()))}
	}
	var h hangup
	for text != "" {
		end := strings.IndexAny(text, "|,&")
		pair := text
		if end >= 0 {
			pair, text = text[:end], text[end+1:]
		} else {
			text = ""
		}
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			continue
		}
		switch strings.TrimSpace(key) {
		case "hangupsource", "hs":
			h.source = strings.TrimSpace(value)
		case "hangupcause", "hc":
			h.cause = cause(strings.TrimSpace(value))
		}
	}
	return h
}

// cause keeps a Q.850 cause, 0 to 127, and nothing else.
func cause(text string) string {
	n := 0
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' || len(text) > 3 {
			return ""
		}
		n = n*10 + int(text[i]-'0')
	}
	if text == "" || n > 127 {
		return ""
	}
	return text
}

// disconnectedBy says who ended the call, as far as the row's own columns tell. The order matters: before the answer the
// cause says more than the source, since an Asterisk that plays Busy() or Congestion() to the caller leaves the caller's
// channel as the source.
func disconnectedBy(c *call.Call, h hangup, calleeIsPhone bool) call.DisconnectedBy {
	if c.Disposition != call.Answered {
		switch h.cause {
		case "17":
			return call.ByBusy
		case "1", "2", "3", "20", "22", "27", "28", "34", "38", "41", "42", "58", "102":
			return call.BySystem
		case "21":
			if calleeIsPhone {
				return call.ByCallee // the phone declined; of a trunk it would be the network's refusal
			}
			return call.BySystem
		case "18", "19":
			return call.ByTimeout
		}
		if c.Disposition == call.Busy {
			return call.ByBusy
		}
		if h.source == "dialplan/builtin" && c.Dstchannel != "" {
			return call.ByTimeout // the Dial ended unanswered and the dialplan hung up
		}
	}
	switch {
	case h.source == "":
		return call.ByUnknown
	case h.source == c.Channel:
		return call.ByCaller
	case h.source == c.Dstchannel:
		return call.ByCallee
	case strings.HasPrefix(h.source, "dialplan/"):
		return call.BySystem
	}
	return call.ByUnknown // a channel of another leg
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
