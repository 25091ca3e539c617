-- Forget those of a room's next questions that some names fit. Answers from where to go on; '0' at the end.
-- ARGV: room, from where, how many, names as JSON ({key, route, model, tag}, empty for any).
local room, one = ARGV[1], cjson.decode(ARGV[4])

if one.key .. one.route .. one.model .. one.tag == '' then
  clear(room)
  return '0'
end
local cursor, some = unpack(redis.call('HSCAN', questions(room), ARGV[2], 'COUNT', ARGV[3]))
for i = 1, #some, 2 do
  if fits(one, cjson.decode(string.match(some[i + 1], '^%d+ (.*)$'))) then drop(room, some[i]) end
end
if redis.call('ZCARD', ends(room)) == 0 then clear(room) end
return cursor
