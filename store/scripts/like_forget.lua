-- Forget those of a room's next questions that some names fit. Answers from where to go on; '0' at the end.
-- ARGV: room, from where, how many, names as JSON ({key, route, model, tag}, empty for any).
local room, one = ARGV[1], cjson.decode(ARGV[4])

local function fits(label)
  if one.key ~= '' and one.key ~= label.key then return false end
  if one.route ~= '' and one.route ~= label.route then return false end
  if one.model ~= '' and one.model ~= label.model and one.model ~= label.target then return false end
  if one.tag == '' then return true end
  for _, tag in ipairs(label.tags) do if tag == one.tag then return true end end
  return false
end

if one.key .. one.route .. one.model .. one.tag == '' then
  clear(room)
  return '0'
end
local cursor, some = unpack(redis.call('HSCAN', questions(room), ARGV[2], 'COUNT', ARGV[3]))
for i = 1, #some, 2 do
  if fits(cjson.decode(string.match(some[i + 1], '^%d+ (.*)$'))) then drop(room, some[i]) end
end
if redis.call('ZCARD', ends(room)) == 0 then clear(room) end
return cursor
