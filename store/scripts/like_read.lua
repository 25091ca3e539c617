-- Questions that were found: to each its JSON and its vector, or nothing where it is gone. ARGV: room, marks.
local room = ARGV[1]
sweep(room, 10)
redis.call('ZADD', rooms, 'XX', now, room)
local found = {}
for i = 2, #ARGV do
  local question = redis.call('HGET', questions(room), ARGV[i])
  local raw = question and redis.call('VEMB', vectors(room), ARGV[i], 'RAW')
  found[i - 1] = raw and {string.match(question, '^%d+ (.*)$'), raw[2]} or {}
end
return found
