package main

// reasons are the names of the Q.850 causes as Asterisk and ITU-T Q.850 have them, in the capitalisation of the Call
// Logs API.
var reasons = map[string]string{
	"0": "Not Defined", "1": "Unallocated Number", "2": "No Route To Transit Network", "3": "No Route To Destination",
	"4": "Send Special Information Tone", "5": "Misdialled Trunk Prefix", "6": "Channel Unacceptable",
	"7": "Call Awarded And Being Delivered", "8": "Pre-empted", "9": "Pre-empted, Circuit Reserved",
	"14": "Number Ported", "16": "Normal Clearing", "17": "User Busy", "18": "No User Response", "19": "No Answer",
	"20": "Subscriber Absent", "21": "Call Rejected", "22": "Number Changed", "23": "Redirected To New Destination",
	"24": "Rejected By Feature", "25": "Exchange Routing Error", "26": "Answered Elsewhere",
	"27": "Destination Out Of Order", "28": "Invalid Number Format", "29": "Facility Rejected",
	"30": "Response To Status Enquiry", "31": "Normal, Unspecified", "34": "No Circuit Available",
	"38": "Network Out Of Order", "39": "Permanent Frame Mode Connection Out Of Service",
	"40": "Permanent Frame Mode Connection Operational", "41": "Temporary Failure", "42": "Switching Equipment Congestion",
	"43": "Access Information Discarded", "44": "Requested Channel Not Available", "46": "Precedence Call Blocked",
	"47": "Resource Unavailable, Unspecified", "49": "Quality Of Service Not Available",
	"50": "Facility Not Subscribed", "52": "Outgoing Call Barred", "53": "Outgoing Calls Barred Within Closed User Group",
	"54": "Incoming Call Barred", "55": "Incoming Calls Barred Within Closed User Group",
	"57": "Bearer Capability Not Authorized", "58": "Bearer Capability Not Available",
	"62": "Inconsistency In Outgoing Information Element", "63": "Service Or Option Not Available",
	"65": "Bearer Capability Not Implemented", "66": "Channel Type Not Implemented", "69": "Facility Not Implemented",
	"70": "Only Restricted Digital Information Available", "79": "Service Or Option Not Implemented",
	"81": "Invalid Call Reference", "82": "Identified Channel Does Not Exist",
	"83": "Suspended Call Exists, Identity Does Not", "84": "Call Identity In Use", "85": "No Call Suspended",
	"86": "Call Having The Requested Identity Cleared", "87": "User Not Member Of Closed User Group",
	"88": "Incompatible Destination", "90": "Non-existent Closed User Group", "91": "Invalid Transit Network Selection",
	"95": "Invalid Message", "96": "Mandatory Information Element Missing", "97": "Message Type Non-existent",
	"98": "Wrong Message", "99": "Information Element Non-existent", "100": "Invalid Information Element Contents",
	"101": "Wrong Call State", "102": "Recovery On Timer Expiry", "103": "Mandatory Information Element Length Error",
	"110": "Message With Unrecognized Parameter Discarded", "111": "Protocol Error", "127": "Interworking, Unspecified",
}
