#!lua flags=allow-oom
-- Delivers pending entries of this consumer again, and reads the state of their tasks: if an earlier delivery finished or
-- moved a task, the worker must not run it again.
--
-- The delivery count of an entry is twice the number of deaths that it may have caused, plus 1 once it was started (see
-- death.lua). A delivery alone adds no death.
--
-- KEYS: stream
-- ARGV: group, consumer, record key prefix, result key prefix, ms and sequence numbers per result hash, prefix of
--       generated task ids of this queue, entry ids
-- Reply: {{entry id, deaths, fields, state letter or ''}, ...}; omits deleted entries and those of other consumers
local stream, group, consumer, prefix = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
-- include withoutWrongType

local claimed = {}
for i = 8, #ARGV do
  local id = ARGV[i]
  local row = redis.call('XPENDING', stream, group, id, id, 1)[1]
  if row and row[2] == consumer then
    local deaths = math.floor(row[4] / 2)
    local entry = redis.call('XCLAIM', stream, group, consumer, 0, id, 'RETRYCOUNT', deaths * 2 + 1)[1]
    if entry then
      local fields = {}
      for f = 1, #entry[2], 2 do fields[entry[2][f]] = entry[2][f + 1] end
      local record = without_wrong_type(redis.pcall('GET', prefix .. (fields.task_id or ARGV[7] .. id)))
      local letter = ''
      if record then
        local state, record_origin, record_entry = string.match(record, '^(%a) (%S+) (%S+) ')
        local same = record_entry == id or record_origin == (fields.origin or id)
        if same and not (state == STATE.queued and record_entry == id) then letter = state end
      else
        local ms, seq = string.match(id, '^(%d+)-(%d+)$')
        local bucket = string.format('%.0f', math.floor(ms / ARGV[5]))
        if tonumber(seq) >= tonumber(ARGV[6]) then
          bucket = bucket .. '.' .. string.format('%.0f', math.floor(seq / ARGV[6]))
        end
        if without_wrong_type(redis.pcall('HEXISTS', ARGV[4] .. bucket, id)) == 1 then letter = STATE.completed end
      end
      claimed[#claimed + 1] = { id, deaths, entry[2], letter }
    end
  end
end
return claimed
