package servertest

import (
	"fmt"
	"time"
)

// Year is a statement that has ClickHouse write rows low to high of about a year of a house with 50 organisations, which has
// as many rows as rows says and whose newest is of end. Of three rows two are the legs of one conversation and the third is a
// conversation of its own. The first organisation has a sixth of all rows and the fiftieth 85,000 of 20 million. With a
// correction above 0 it writes each hundredth of the rows once more.
func Year(rows, low, high uint64, end time.Time, correction int) string {
	const year = 365 * 24 * 3600
	some := ""
	if correction > 0 {
		some = "WHERE r % 100 = 7"
	}
	return fmt.Sprintf(`
INSERT INTO calls (org_id, calldate, id, version, source, source_table, raw_hash, calldate_offset, clid, src, dst, dcontext, channel,
	dstchannel, lastapp, lastdata, duration, billsec, disposition, amaflags, accountcode, uniqueid, userfield, answer, end,
	linkedid, peeraccount, sequence, queue_name, queue_wait_time, answered_agent, recordingfile, direction, trunk, rang_extension,
	answered_by, answered_type, wait_time, disconnected_by, hangup_cause, hangup_reason, did, outcome, leg_kind, ring_time,
	talk_time, ivr_time, caller, callee, tags, disconnected_confidence, queue, queue_wait, agent, omitted,
	entry_outcome, entry_wait, entry_talk, called,
	conv_legs, conv_complete, conv_answer, conv_end, conv_outcome, conv_queue_name, conv_answered_by, conv_answered_type,
	conv_disconnected_by, conv_confidence, conv_wait_time, conv_ring_time, conv_talk_time, conv_tags, conv_detail, stored_at)
WITH
	number + %[1]d AS r,
	r %% 3 = 1 AS second,
	r - second AS head,
	cityHash64(head) AS h,
	cityHash64(r) AS own,
	head * %[4]d / %[3]d AS ago,
	toUInt32(1 + floor(50 * pow((h %% 1000003) / 1000003., 2.2))) AS org,
	toInt64(%[5]d + ago) AS epoch,
	toDateTime64(epoch + if(second, 7, 0), 3, 'UTC') AS start,
	h %% 10 < 7 AS answered,
	concat('sales-', toString(intDiv(h, 7) %% 12)) AS team,
	toString(1000 + own %% 400) AS extension,
	concat('9199', leftPad(toString(intDiv(h, 11) %% 30000000), 8, '0')) AS number_,
	concat('9180659', leftPad(toString(org * 40 + h %% 40), 5, '0')) AS dialled,
	toInt64(intDiv(h, 13) %% 40) AS waited,
	toInt64(if(answered, intDiv(h, 17) %% 600, 0)) AS talked,
	concat(toString(epoch), '.', toString(head)) AS linked
SELECT
	org, start, r + 1, bitShiftLeft(toUInt64(1), 44) + intDiv(r, 500) * 4096 + %[6]d, 'pbx', '[["id","bigint(20)"]]', own, 19800,
	concat('"', number_, '" <', number_, '>'), number_, dialled, 'from-trunk', concat('PJSIP/tata-', lower(hex(toUInt32(head)))),
	concat('PJSIP/', extension, '-', lower(hex(toUInt32(r)))), if(second, 'Queue', 'Dial'), concat('PJSIP/', extension, ',30,tT'),
	waited + talked, talked, if(answered, 'ANSWERED', 'NO ANSWER'), 3, toString(org), concat(toString(epoch), '.', toString(r)),
	'hangupsource=PJSIP/1001|hangupcause=16', if(answered, start + waited, NULL), start + waited + talked,
	linked, '', r, if(second, team, ''), if(second, waited, 0), '', if(answered, concat(linked, '.wav'), ''), 'inbound', 'tata', extension,
	if(answered, extension, ''), if(answered, 'human', ''), waited, 'caller', '16', 'Normal Clearing', dialled,
	if(answered, 'answered', 'missed'), if(second, 'queue', 'dial'), waited, talked, 0, concat('+', number_), concat('+', dialled),
	[team], 90, team, waited, '', 0,
	multiIf(NOT second, '', answered, 'answered', 'abandoned'), if(second, waited, -1), if(second, talked, -1), 1,
	if(second, 0, if(r %% 3 = 0, 2, 1)), NOT second, if(answered AND NOT second, start + waited, 0),
	if(second, 0, start + waited + talked), if(second, '', if(answered, 'answered', 'missed')), if(second, '', team),
	if(answered AND NOT second, extension, ''), if(answered AND NOT second, 'human', ''), if(second, '', 'caller'), if(second, 0, 90),
	if(second, -1, waited), if(second, -1, waited), if(second, -1, talked), if(second, [], [team]),
	if(r %% 3 != 0, '', concat('{"source_name":"', number_, '","destination_name":"Agent ', extension, '","destination_extension":"', extension,
		'","participants":[{"extension":"', extension, '","rang":true,"answered":true}],"path":[{"kind":"queue","who":"', team, '","at":',
		toString(epoch), '000},{"kind":"answered","who":"', extension, '","at":', toString(epoch + waited), '000}],"recordings":[{"call_id":',
		toString(r + 1), ',"file":"', linked, '.wav"}],"legs":[{"id":', toString(r + 1), ',"leg_kind":"dial"},{"id":', toString(r + 2), ',"leg_kind":"queue"}]}')),
	start
FROM numbers(%[2]d) %[7]s`, low, high-low, rows, year, end.Unix()-year, correction, some)
}
