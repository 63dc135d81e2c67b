#!lua
-- Removes consumers that will not be used again. XGROUP DELCONSUMER drops what is pending, so the check and the removal
-- are one step, and anything pending keeps its consumer until orphan recovery has taken it.
--
-- KEYS: stream, heartbeats
-- ARGV: group, idle time in ms, age of a heartbeat in ms, both of which a gone consumer exceeds
-- Reply: names of the consumers that were removed
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
