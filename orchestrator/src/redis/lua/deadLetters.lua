#!lua flags=no-writes
-- A page of dead letters, newest first, that ends with the first of its limits: letters, bytes, letters looked through.
--
-- KEYS: dead letters
-- ARGV: where the page starts ('+', or '(' and an id), most letters, most bytes, most letters looked through,
--       type or '', reason or ''
-- Reply: {where the next page starts, '' after the last letter, {id, fields}, ...}
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
    -- What was looked through and left out costs as much as what is shown.
    reply[1] = id
    if #reply > limit or scanned >= scan then return reply end
    from = '(' .. id
  end
  if #page < CHUNK then
    reply[1] = ''
    return reply
  end
end
