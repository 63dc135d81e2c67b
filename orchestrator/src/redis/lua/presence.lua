#!lua flags=allow-oom
-- Registers a replica with its task types. Reads all replicas, and all types that any replica has ever had.
--
-- KEYS: instances, types
-- ARGV: id of the replica, its description, then its task types
-- Reply: {instances as id and description, names of types}
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('HSET', KEYS[1], ARGV[1], now .. ' ' .. ARGV[2])
local known = redis.call('HGETALL', KEYS[2])
local types = {}
for f = 1, #known, 2 do types[known[f]] = true end
for i = 3, #ARGV do
  if not types[ARGV[i]] then redis.call('HSET', KEYS[2], ARGV[i], now) end
  types[ARGV[i]] = true
end
local names = {}
for name in pairs(types) do names[#names + 1] = name end
return { redis.call('HGETALL', KEYS[1]), names }
