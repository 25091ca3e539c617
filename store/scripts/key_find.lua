-- A client's key, as it was put. KEYS: names, digests (see key_put.lua). ARGV: its name, its digest or one of both.
local name = ARGV[1]
if name == '' then name = redis.call('HGET', KEYS[2], ARGV[2]) end
return name and redis.call('HGET', KEYS[1], name)
