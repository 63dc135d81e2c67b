#!lua flags=allow-oom
-- Writes off tasks of one lane, unless another caller has done so since the accounting was read.
--
-- KEYS: ledger
-- ARGV: lane, what was written off when the accounting was read, how many more
-- Reply: 1, or 0 where nothing was done
local field = ARGV[1] .. ':written_off'
if tonumber(redis.call('HGET', KEYS[1], field) or 0) ~= tonumber(ARGV[2]) then return 0 end
redis.call('HINCRBY', KEYS[1], field, ARGV[3])
return 1
