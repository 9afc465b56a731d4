package simulate

// scenario is one kind of conversation.
type scenario struct {
	name   string
	play   func(*build)
	weight int  // in 1,000 calls of a working day, roughly
	day    bool // not at night and on Sundays
}

// scenarios with the names of the same in the recordings of a real Asterisk, where there is one.
var scenarios = []scenario{
	{"in_did_answered", inAnswered, 120, true},
	{"in_did_caller_abandons", inAbandoned, 28, false},
	{"in_did_timeout", inTimeout, 18, false},
	{"in_did_busy", inBusy, 10, true},
	{"in_ringgroup", inRingGroup, 20, true},
	{"in_ringgroup_missed", inRingGroupMissed, 6, false},
	{"in_voicemail", inVoicemail, 14, false},
	{"in_closed_prompt", inClosed, 6, false},
	{"in_unknown_did", inUnknown, 4, false},
	{"in_did_no_accountcode", inNoAccount, 4, true},
	{"in_did_no_accountcode_missed", inNoAccountMissed, 2, false},
	{"in_pickup", inPickup, 6, true},

	{"in_ivr_hangup", ivrHangup, 24, false},
	{"in_ivr_timeout", ivrTimeout, 8, false},
	{"in_ivr_invalid", ivrInvalid, 5, false},
	{"in_ivr_to_ext", ivrToExtension, 26, true},
	{"in_ivr_to_ext_noanswer", ivrToExtensionNoAnswer, 8, false},
	{"in_ivr_dial_ext", ivrDialExtension, 16, true},

	{"queue_first_agent", queueAnswered, 110, true},
	{"queue_second_agent", queueSecond, 26, true},
	{"queue_third_agent", queueThird, 10, true},
	{"queue_via_ivr", queueFromMenu, 50, true},
	{"queue_abandoned", queueAbandoned, 22, false},
	{"queue_abandoned_late", queueLost, 12, false},
	{"queue_timeout", queueTimeout, 6, false},
	{"queue_voicemail", queueVoicemail, 6, false},
	{"queue_internal_caller", queueInternal, 4, true},
	{"queue_agent_transfers", queueTransfer, 8, true},
	{"queue_local_answered", salesAnswered, 64, true},
	{"queue_local_abandoned", salesAbandoned, 12, true},
	{"queue_local_timeout", salesTimeout, 4, false},

	{"xfer_blind_by_callee", inBlind, 10, true},
	{"xfer_blind_noanswer", inBlindNoAnswer, 3, true},
	{"xfer_blind_by_caller", internalBlind, 2, true},
	{"xfer_attended", attended, 6, true},
	{"xfer_attended_outbound", outAttended, 3, true},
	{"out_xfer_blind", outBlind, 3, true},

	{"int_answered", internalAnswered, 60, true},
	{"int_noanswer_caller_cancels", internalCancelled, 10, true},
	{"int_noanswer_timeout", internalTimeout, 8, true},
	{"int_busy", internalBusy, 6, true},
	{"int_declined_603", internalDeclined, 5, true},
	{"int_failed_unregistered", internalUnregistered, 4, true},
	{"int_voicemail_left", internalVoicemail, 5, true},
	{"int_vmmain", internalMailbox, 4, false},
	{"int_echo_test", internalEcho, 1, true},
	{"int_invalid_number", internalInvalid, 3, true},
	{"int_ringgroup_600", internalRingGroup, 4, true},
	{"int_ringgroup_601_local", salesGroup, 3, true},
	{"int_pickup", internalPickup, 3, true},
	{"int_forward_302", forward302, 3, true},
	{"int_forward_cfu", forwardAlways, 3, true},
	{"int_forward_cfna", forwardNoAnswer, 3, true},
	{"int_to_other_org", internalToOther, 4, true},
	{"int_no_accountcode", internalNoAccount, 3, true},
	{"int_conference_3", conference, 2, true},

	{"out_answered", outAnswered, 110, true},
	{"out_answered_org2_cli", outOwnNumber, 40, true},
	{"out_caller_cancels", outCancelled, 18, true},
	{"out_noanswer_timeout", outTimeout, 22, true},
	{"out_busy", outBusy, 12, true},
	{"out_congestion_503", outCongestion, 4, true},
	{"out_failed_404", outUnknownNumber, 5, true},
	{"out_far_480", outUnavailable, 6, true},
	{"out_failover_2_trunks", outFailover, 8, true},
	{"out_dead_trunk", outDeadTrunk, 2, true},
	{"out_international", outInternational, 6, true},
	{"out_no_accountcode", outNoAccount, 2, true},
	{"click_to_call", clickToCall, 14, true},
	{"click_to_call_agent_noanswer", clickUnanswered, 3, true},
}

// shortest fills a remainder: one row, and over soon.
var shortest = scenario{name: "in_ivr_hangup", play: ivrHangup}
