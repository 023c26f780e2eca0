using System.CommandLine;
using SecureAgent.HwSim.Commands;

RootCommand root = new("Simulated hardware for SecureAgent: for tests and demonstrations, never for real keys.")
{
    TpmCommand.Create(),
    TryCommand.Create(),
};
// Ctrl-C is a command's to handle, however long that takes: what hwsim try started may not heed it.
InvocationConfiguration invocation = new() { ProcessTerminationTimeout = Timeout.InfiniteTimeSpan };
ParserConfiguration parsing = new() { ResponseFileTokenReplacer = null };
return await root.Parse(args, parsing).InvokeAsync(invocation).ConfigureAwait(false);
