#!lua flags=allow-oom
-- Moves tasks whose time has come into their stream. Safe to be run by several replicas at once.
--
-- KEYS: delayed set, stream, ledger
-- ARGV: record key prefix, lane, most tasks
-- Reply: number of tasks moved
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[3])
for i = 1, #due do
  local ok, fields = pcall(cjson.decode, due[i])
  -- What somebody put there by hand becomes an entry that its worker can refuse.
  if not ok or type(fields) ~= 'table' or #fields == 0 or #fields % 2 == 1 then fields = { 'payload', due[i] } end
  local map = {}
  for f = 1, #fields, 2 do
    fields[f], fields[f + 1] = tostring(fields[f]), tostring(fields[f + 1])
    map[fields[f]] = fields[f + 1]
  end
  local entry = redis.call('XADD', KEYS[2], '*', unpack(fields))
  if map.task_id then
    redis.call('SET', ARGV[1] .. map.task_id, 'q ' .. (map.origin or entry) .. ' ' .. entry .. ' ' .. KEYS[2]
      .. ' {"attempts":' .. (tonumber(map.attempt) or 0) .. '}')
  end
  redis.call('ZREM', KEYS[1], due[i])
  redis.call('HINCRBY', KEYS[3], ARGV[2] .. ':moved', 1)
end
return #due
