#!lua flags=allow-oom
-- Writes off tasks of one lane, unless another caller did since this one read the accounting.
--
-- KEYS: ledger
-- ARGV: lane, number of written-off tasks that the caller read, number to add
-- Reply: 1, or 0 if nothing was changed
local field = ARGV[1] .. ':written_off'
if tonumber(redis.call('HGET', KEYS[1], field) or 0) ~= tonumber(ARGV[2]) then return 0 end
redis.call('HINCRBY', KEYS[1], field, ARGV[3])
return 1
