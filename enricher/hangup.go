package main

import (
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

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
