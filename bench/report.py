class Results:
    def __init__(s,*a): s.micro=s.idle=None
    def machine(s,site): pass
    def add(s,load,pairs,samples,missing,counted): print(load.key,missing,counted)
    def markdown(s): return str((s.micro,s.idle))
