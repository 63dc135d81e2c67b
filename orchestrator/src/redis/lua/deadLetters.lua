#!lua flags=no-writes
-- Reads a page of dead letters, newest first. The page ends at the first limit that it reaches.
--
-- KEYS: dead letters
-- ARGV: start of the page ('+', or '(' and an id), limit of letters, limit of bytes, limit of scanned letters,
--       type or '', reason or ''
-- Reply: {start of the next page, or '' after the last letter; {id, fields}, ...}
local from, limit, bytes, scan = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local type, reason = ARGV[5], ARGV[6]
local CHUNK = 10
local reply, size, scanned = { '' }, 0, 0
while true do
  local page = redis.call('XREVRANGE', KEYS[1], from, '-', 'COUNT', CHUNK)
  for i = 1, #page do
    local id, fields = page[i][1], page[i][2]
    local own, own_type, own_reason = 0, '', ''
    for f = 1, #fields, 2 do
      own = own + #fields[f + 1]
      if fields[f] == 'type' then own_type = fields[f + 1] end
      if fields[f] == 'reason' then own_reason = fields[f + 1] end
    end
    if (type == '' or own_type == type) and (reason == '' or own_reason == reason) then
      -- One letter alone may be larger than a page.
      if #reply > 1 and size + own > bytes then return reply end
      reply[#reply + 1] = page[i]
      size = size + own
    end
    scanned = scanned + 1
    -- Scanned letters that do not match count too: they cost as much as those that do.
    reply[1] = id
    if #reply > limit or scanned >= scan then return reply end
    from = '(' .. id
  end
  if #page < CHUNK then
    reply[1] = ''
    return reply
  end
end
