#!lua flags=allow-oom
-- Compares the accepted tasks that a replica counted with those that Redis counted, and adds the difference to the ledger
-- as lost. Redis loses tasks in a failover to a replica that lags behind, or by a restart from an older state on disk.
--
-- KEYS: acceptances of the replica, then for each queue: ledger
-- ARGV: expiry in s, then for each queue: field, lane, number of tasks that the replica accepted
-- Reply: for each queue, the number of tasks lost since the last call
local lost = {}
for q = 1, #KEYS - 1 do
  local field, lane, accepted = ARGV[q * 3 - 1], ARGV[q * 3], tonumber(ARGV[q * 3 + 1])
  local missing = accepted - (tonumber(redis.call('HGET', KEYS[1], field) or 0) or 0)
  if missing > 0 then
    redis.call('HINCRBY', KEYS[1 + q], lane .. ':lost', missing)
    redis.call('HSET', KEYS[1], field, string.format('%.0f', accepted))
  end
  lost[q] = math.max(0, missing)
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return lost
