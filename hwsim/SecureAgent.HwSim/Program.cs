using System.CommandLine;
using SecureAgent.HwSim.Commands;

RootCommand root = new("Simulated hardware for SecureAgent: for tests and demonstrations, never for real keys.")
{
    TpmCommand.Create(),
};
return await root.Parse(args).InvokeAsync().ConfigureAwait(false);
