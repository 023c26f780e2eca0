using SecureAgent.Tests.HwSim.Differential;

namespace SecureAgent.Tests.HwSim.Tpm;

/// <summary>Opens what swtpm wrapped for a storage key whose private part is known.</summary>
public sealed class WrappedBySwtpmTests
{
    private const string NoSymmetric = "0010";
    private const string Aes128Cfb = "0006 0080 0043";

    private static IReadOnlyList<Dictionary<string, string>> Groups { get; } = VectorFile.Groups("swtpm-wrapped.txt", "case");

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Groups.Count)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Duplicate_is_imported_and_unsealed(int index)
    {
        using Subject subject = new("simulator");
        TpmUser user = new(subject.Tpm);
        uint parent = ImportParent(user, index);
        byte[] innerKey = Value(index, "innerKey");
        byte[] wrapped = user.Good(new TpmCommand(0x156).Handle(parent).Password().Sized(innerKey)
            .Sized(Value(index, "objectPublic")).Sized(Value(index, "duplicate")).Sized(Value(index, "duplicateSeed"))
            .Hex(innerKey.Length > 0 ? Aes128Cfb : NoSymmetric)).Sized();
        uint loaded = user.Load(parent, (wrapped, Value(index, "objectPublic")));
        Assert.Equal(
            Value(index, "sealed"),
            user.Good(TpmUser.Unseal(loaded).Password(System.Text.Encoding.ASCII.GetString(Value(index, "authValue")))).Sized());
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Credential_is_activated_for_the_object_that_it_names(int index)
    {
        using Subject subject = new("simulator");
        TpmUser user = new(subject.Tpm);
        uint parent = ImportParent(user, index);

        // The credential names the duplicated object, whose public part is enough to make the right and a wrong Name.
        byte[] innerKey = Value(index, "innerKey");
        byte[] wrapped = user.Good(new TpmCommand(0x156).Handle(parent).Password().Sized(innerKey)
            .Sized(Value(index, "objectPublic")).Sized(Value(index, "duplicate")).Sized(Value(index, "duplicateSeed"))
            .Hex(innerKey.Length > 0 ? Aes128Cfb : NoSymmetric)).Sized();
        uint named = user.Load(parent, (wrapped, Value(index, "objectPublic")));
        string auth = System.Text.Encoding.ASCII.GetString(Value(index, "authValue"));
        Assert.Equal(Value(index, "credential"), user.Good(Activate(index, named, auth, parent)).Sized());
        user.Refused("1DF", Activate(index, parent, "", parent));
    }

    private static TpmCommand Activate(int index, uint named, string auth, uint key) => new TpmCommand(0x147).Handle(named).Handle(key)
        .Password(auth).Password().Sized(Value(index, "credentialBlob")).Sized(Value(index, "credentialSecret"));

    private static uint ImportParent(TpmUser user, int index)
    {
        uint root = user.Primary();
        byte[] publicArea = Value(index, "parentPublic");
        byte[] sensitive = new TpmCommand(0).Raw(publicArea[..2]).Sized([]).Sized(Value(index, "parentSeed"))
            .Sized(Value(index, "parentPrivate")).Parameters;
        byte[] duplicate = new TpmCommand(0).Sized(sensitive).Parameters;
        byte[] wrapped = user.Good(new TpmCommand(0x156).Handle(root).Password().Sized([]).Sized(publicArea).Sized(duplicate)
            .Sized([]).Hex(NoSymmetric)).Sized();
        uint parent = user.Load(root, (wrapped, publicArea));
        user.Flush(root);
        return parent;
    }

    private static byte[] Value(int index, string name) => Convert.FromHexString(Groups[index][name]);
}
