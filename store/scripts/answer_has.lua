-- Whether there is an answer; nobody wants it. KEYS: answers. ARGV: mark.
return redis.call('HEXISTS', KEYS[1], ARGV[1])
