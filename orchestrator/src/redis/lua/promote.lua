#!lua flags=allow-oom
-- Moves tasks whose time has come into their streams, for all queues in one call: it is made several times a second, and
-- nearly always there is nothing to do. Safe to be run by several replicas at once.
--
-- KEYS: for each queue: delayed set, stream, ledger
-- ARGV: record key prefix, most tasks per queue, then the lane of each queue
-- Reply: number of tasks that wait on in all queues, then that of the moved ones for each queue
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local moved, waiting = {}, 0
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
  waiting = waiting + redis.call('ZCARD', delayed)
end
return { waiting, unpack(moved) }
