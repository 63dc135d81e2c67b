#!lua
-- Removes consumers that are gone. XGROUP DELCONSUMER would drop their pending entries, so check and removal are one step.
-- A consumer with pending entries stays until orphan recovery has claimed them.
--
-- KEYS: stream, heartbeats
-- ARGV: group, idle time in ms, age of the heartbeat in ms; a gone consumer exceeds both
-- Reply: names of the removed consumers
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])
if consumers.err then return {} end
local removed = {}
for i = 1, #consumers do
  local info = {}
  for f = 1, #consumers[i], 2 do info[consumers[i][f]] = consumers[i][f + 1] end
  local heartbeat = tonumber(redis.call('ZSCORE', KEYS[2], info.name) or 0)
  if info.pending == 0 and info.idle > tonumber(ARGV[2]) and now - heartbeat > tonumber(ARGV[3]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], info.name)
    redis.call('ZREM', KEYS[2], info.name)
    removed[#removed + 1] = info.name
  end
end
return removed
