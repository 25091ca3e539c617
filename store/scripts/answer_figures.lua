-- How many answers there are, how many bytes they take, and how many had to go. KEYS: names, state.
local names, state = unpack(KEYS)
local bytes, evicted = unpack(redis.call('HMGET', state, 'bytes', 'evicted'))
return {redis.call('HLEN', names), tonumber(bytes or '0'), tonumber(evicted or '0')}
