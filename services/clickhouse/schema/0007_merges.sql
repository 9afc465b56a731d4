-- A row of a backlog is written anew by every merge it passes through, at a cost like the insert's own. So a dozen small
-- parts are merged at once and not five; the server lowers that itself where a partition has more than ten parts, and gets
-- to two at fifty. Nor are fewer taken at once because merges are busy, as they always are then.
ALTER TABLE calls MODIFY SETTING merge_selector_base = 12, merge_selector_enable_heuristic_to_lower_max_parts_to_merge_at_once = 0;
