package main

import "strconv"

// reason is the name of a Q.850 cause, 0 to 127 in digits; empty for anything else.
func reason(cause string) string {
	if n, ok := causeNumber(cause); ok {
		return reasons[n]
	}
	return ""
}

func causeNumber(cause string) (int, bool) {
	if cause == "" || len(cause) > 3 {
		return 0, false
	}
	n := digits(cause)
	return n, n >= 0 && n < len(reasons)
}

// reasons are the names as Asterisk has them and, for the causes that Asterisk does not know, as ITU-T Q.850 does, in
// the capitals that the Call Logs API's "Normal Clearing" shows. A number that Q.850 leaves free says so: a switch of the
// network may send any. 45 is what old Asterisk called 8.
var reasons = func() (names [128]string) {
	for n := range names {
		names[n] = "Unassigned Cause " + strconv.Itoa(n)
	}
	for n, name := range map[int]string{
		0: "Not Defined", 1: "Unallocated (Unassigned) Number", 2: "No Route To Transit Network", 3: "No Route To Destination",
		4: "Send Special Information Tone", 5: "Misdialled Trunk Prefix", 6: "Channel Unacceptable",
		7: "Call Awarded, Being Delivered", 8: "Pre-empted", 9: "Pre-empted, Circuit Reserved For Reuse",
		14: "Number Ported Elsewhere", 16: "Normal Clearing", 17: "User Busy", 18: "No User Responding",
		19: "User Alerting, No Answer", 20: "Subscriber Absent", 21: "Call Rejected", 22: "Number Changed",
		23: "Redirected To New Destination", 24: "Call Rejected By Feature At Destination", 25: "Exchange Routing Error",
		26: "Answered Elsewhere", 27: "Destination Out Of Order", 28: "Invalid Number Format", 29: "Facility Rejected",
		30: "Response To Status Enquiry", 31: "Normal, Unspecified", 34: "No Circuit Or Channel Available",
		38: "Network Out Of Order", 39: "Permanent Frame Mode Connection Out Of Service",
		40: "Permanent Frame Mode Connection Operational", 41: "Temporary Failure", 42: "Switching Equipment Congestion",
		43: "Access Information Discarded", 44: "Requested Channel Not Available", 45: "Pre-empted",
		46: "Precedence Call Blocked", 47: "Resource Unavailable, Unspecified", 49: "Quality Of Service Not Available",
		50: "Facility Not Subscribed", 52: "Outgoing Call Barred", 53: "Outgoing Calls Barred Within Closed User Group",
		54: "Incoming Call Barred", 55: "Incoming Calls Barred Within Closed User Group",
		57: "Bearer Capability Not Authorized", 58: "Bearer Capability Not Available",
		62: "Inconsistent Outgoing Access Information And Subscriber Class", 63: "Service Or Option Not Available, Unspecified",
		65: "Bearer Capability Not Implemented", 66: "Channel Type Not Implemented", 69: "Facility Not Implemented",
		70: "Only Restricted Digital Information Available", 79: "Service Or Option Not Implemented, Unspecified",
		81: "Invalid Call Reference", 82: "Identified Channel Does Not Exist",
		83: "Suspended Call Exists, Identity Does Not", 84: "Call Identity In Use", 85: "No Call Suspended",
		86: "Call With Requested Identity Cleared", 87: "User Not Member Of Closed User Group",
		88: "Incompatible Destination", 90: "Non-existent Closed User Group", 91: "Invalid Transit Network Selection",
		95: "Invalid Message, Unspecified", 96: "Mandatory Information Element Missing", 97: "Message Type Non-existent",
		98: "Wrong Message", 99: "Information Element Non-existent", 100: "Invalid Information Element Contents",
		101: "Wrong Call State", 102: "Recovery On Timer Expiry", 103: "Mandatory Information Element Length Error",
		110: "Message With Unrecognized Parameter Discarded", 111: "Protocol Error, Unspecified",
		127: "Interworking, Unspecified",
	} {
		names[n] = name
	}
	return names
}()

// hint is what a cause says of a call that nobody had answered yet. After the answer a cause never tells who hung up, and
// before it the rest of the row may know better.
type hint byte

const (
	noHint          hint = iota
	networkHint          // the network or the far exchange did not put it through
	systemHint           // the PBX itself, its configuration or its codecs
	wrongNumberHint      // nothing is behind the number as it was dialled
	offlineHint          // the phone was not registered
	busyHint
	rejectedHint  // a phone's user declined; of a trunk it is the network's refusal
	timeoutHint   // it rang, or was to, until somebody's patience ended
	cancelledHint // the PBX took the call back: the caller gave up, or somebody else answered
	elsewhereHint // somebody else answered, which is no miss
)

// causeHint gives the hint of a Q.850 cause in digits. 16 hints at nothing: a caller who gives up leaves it on an analogue
// line or in a menu, and so does a Dial whose time ran out.
func causeHint(cause string) hint {
	n, ok := causeNumber(cause)
	if !ok {
		return noHint
	}
	switch n {
	case 1, 5, 28:
		return wrongNumberHint
	case 17:
		return busyHint
	case 18, 19:
		return timeoutHint
	case 20:
		return offlineHint
	case 21:
		return rejectedHint
	case 26:
		return elsewhereHint
	case 127:
		return cancelledHint // PJSIP makes it of the 487 that answers a CANCEL
	case 2, 4, 14, 22, 24, 25, 27, 29, 34, 38, 39, 40, 41, 43, 44, 46, 47, 49, 50, 91, 102:
		return networkHint
	case 3, 6, 8, 9, 42, 45, 52, 53, 54, 55, 57, 58, 62, 63, 65, 66, 69, 70, 79, 81, 82, 83, 84, 85, 86, 87, 88, 90,
		95, 96, 97, 98, 99, 100, 101, 103, 110, 111:
		return systemHint
	}
	return noHint
}
