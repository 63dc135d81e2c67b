#!lua flags=no-writes
-- Checks whether a delayed task or a retry still waits.
--
-- KEYS: record, delayed set
-- ARGV: record as the caller read it, task id, due time in ms
-- Reply: 1; 0 if the task is gone; -1 if the record has changed
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- include waits

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return -1 end
return waits(KEYS[2], ARGV[2], tonumber(ARGV[3])) and 1 or 0
