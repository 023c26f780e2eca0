using System.Reflection;

namespace SecureAgent.Tests;

/// <summary>The promises that an agent must keep (docs/threat-model.md), each with the tests that hold it: those that bear
/// its words as the trait <c>Promise</c>. <c>dotnet test --filter Promise="lifetime"</c> runs those of one.</summary>
public sealed class PromiseTests
{
    private const string Name = "Promise";

    /// <summary>Every promise whose subject exists by now. Those of the Windows channels, of modules in another process and
    /// of weak hardware come with them.</summary>
    private static readonly string[] Promises =
    [
        "only my user connects",
        "bad input never kills the agent",
        "slow and idle clients cannot starve others",
        "size limits",
        "lifetime",
        "confirm",
        "destination constraints",
        "session-bind and forwarded awareness",
        "lock and unlock",
        "remote provider load refused",
        "memory: no dump, no debugger",
        "memory: shielded keys",
        "PIN never persisted",
        "PIN never blocked by the agent",
        "TPM traffic encrypted",
        "survives restart of the device",
        "no SHA-1 by surprise",
        "payload policy and namespaces",
        "truthful result",
        "audit",
        "tests on simulators",
    ];

    [Fact]
    public void Every_promise_has_a_test_and_every_test_of_a_promise_names_one()
    {
        string[] held =
        [
            .. typeof(PromiseTests).Assembly.GetTypes()
                .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance))
                .SelectMany(method => method.GetCustomAttributes<TraitAttribute>())
                .Where(trait => trait.Name == Name)
                .Select(trait => trait.Value)
                .Distinct(),
        ];
        Assert.Equal(Promises.Order(), held.Order());
    }
}
