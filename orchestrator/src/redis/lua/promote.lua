#!lua flags=allow-oom
-- Moves delayed tasks that are due into their streams, for all queues in one call. Several replicas may run it at the same
-- time. If a queue fails, its error is in the reply and the other queues are still promoted.
--
-- KEYS: for each queue: delayed set, stream, ledger
-- ARGV: record key prefix, limit of tasks per queue, then the lane of each queue
-- Reply: ms until the next task of any queue is due (-1: none is delayed), then for each queue the number of moved tasks
--        or the text of the error
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local prefix, limit = ARGV[1], tonumber(ARGV[2])
-- Lua can unpack about 8,000 values. The service writes about a dozen.
local MAX_FIELDS = 1000
-- The next round always runs sooner than this.
local MAX_NEXT_MS = 86400000

-- The fields of a member as strings. A member that the service did not write becomes an entry that the worker rejects.
local function fields_of(member)
  local ok, fields = pcall(cjson.decode, member)
  if not ok or type(fields) ~= 'table' or #fields == 0 or #fields % 2 == 1 or #fields > MAX_FIELDS then
    return { 'payload', member }
  end
  for f = 1, #fields do
    local kind = type(fields[f])
    if kind ~= 'string' and kind ~= 'number' and kind ~= 'boolean' then return { 'payload', member } end
    fields[f] = tostring(fields[f])
  end
  return fields
end

local function promote(delayed, stream, ledger, lane)
  local due = redis.call('ZRANGEBYSCORE', delayed, '-inf', string.format('%.0f', now), 'LIMIT', 0, limit)
  for i = 1, #due do
    local fields = fields_of(due[i])
    local map = {}
    for f = 1, #fields, 2 do map[fields[f]] = fields[f + 1] end
    local entry = redis.call('XADD', stream, '*', unpack(fields))
    redis.call('ZREM', delayed, due[i])
    if map.task_id then
      local origin = map.origin and string.match(map.origin, '^%d+%-%d+$') or entry
      redis.call('SET', prefix .. map.task_id, STATE.queued .. ' ' .. origin .. ' ' .. entry .. ' ' .. stream
        .. ' {"attempts":' .. (string.match(map.attempt or '', '^%d%d?%d?%d?$') or '0') .. '}')
    end
    redis.call('HINCRBY', ledger, lane .. ':moved', 1)
  end
  return #due
end

local moved, next_ms = {}, -1
for q = 1, #KEYS / 3 do
  local delayed = KEYS[q * 3 - 2]
  local ok, result = pcall(promote, delayed, KEYS[q * 3 - 1], KEYS[q * 3], ARGV[2 + q])
  moved[q] = ok and result or (type(result) == 'table' and result.err or tostring(result))
  -- A failed queue is retried in the next regular round.
  local first = ok and redis.call('ZRANGEBYSCORE', delayed, '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, 1) or {}
  if first[2] then
    local ms = math.min(MAX_NEXT_MS, math.max(0, math.ceil(tonumber(first[2]) - now)))
    if next_ms < 0 or ms < next_ms then next_ms = ms end
  end
end
return { next_ms, unpack(moved) }
