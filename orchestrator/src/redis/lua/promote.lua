#!lua flags=allow-oom
-- Moves tasks whose time has come into their streams, for all queues in one call. Safe to be run by several replicas at
-- once.
--
-- KEYS: for each queue: delayed set, stream, ledger
-- ARGV: record key prefix, most tasks per queue, then the lane of each queue
-- Reply: ms until the next task of any queue is due (-1: none waits), then the number of moved ones for each queue
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local moved, next_ms = {}, -1
for q = 1, #KEYS / 3 do
  local delayed, stream, ledger = KEYS[q * 3 - 2], KEYS[q * 3 - 1], KEYS[q * 3]
  local due = redis.call('ZRANGEBYSCORE', delayed, '-inf', now, 'LIMIT', 0, ARGV[2])
  for i = 1, #due do
    local ok, fields = pcall(cjson.decode, due[i])
    -- What somebody put there by hand becomes an entry that its worker can refuse.
    if not ok or type(fields) ~= 'table' or #fields == 0 or #fields % 2 == 1 then fields = { 'payload', due[i] } end
    local map = {}
    for f = 1, #fields, 2 do
      fields[f], fields[f + 1] = tostring(fields[f]), tostring(fields[f + 1])
      map[fields[f]] = fields[f + 1]
    end
    local entry = redis.call('XADD', stream, '*', unpack(fields))
    if map.task_id then
      redis.call('SET', ARGV[1] .. map.task_id, 'q ' .. (map.origin or entry) .. ' ' .. entry .. ' ' .. stream
        .. ' {"attempts":' .. (tonumber(map.attempt) or 0) .. '}')
    end
    redis.call('ZREM', delayed, due[i])
    redis.call('HINCRBY', ledger, ARGV[2 + q] .. ':moved', 1)
  end
  moved[q] = #due
  local first = redis.call('ZRANGEBYSCORE', delayed, '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if first[2] then
    local ms = math.max(0, math.ceil(tonumber(first[2]) - tonumber(now)))
    if next_ms < 0 or ms < next_ms then next_ms = ms end
  end
end
return { next_ms, unpack(moved) }
