using System.Reflection;
using System.Reflection.Emit;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class PackageVersionTests
{
    [Theory]
    [InlineData("1.2.3", "1.2.3")]
    [InlineData("1.2.3+8f3a", "1.2.3")]
    [InlineData("1.2.3-preview.4+8f3a", "1.2.3-preview.4")]
    public void A_prerelease_keeps_its_suffix_and_the_build_is_left_out(string informational, string expected) =>
        Assert.Equal(expected, PackageVersion.Of(Made(informational)));

    [Fact]
    public void An_assembly_that_tells_of_no_package_has_its_own_version() => Assert.Equal("1.2.3.4", PackageVersion.Of(Made()));

    private static AssemblyBuilder Made(params string[] informational)
    {
        ConstructorInfo attribute = typeof(AssemblyInformationalVersionAttribute).GetConstructor([typeof(string)])!;
        return AssemblyBuilder.DefineDynamicAssembly(
            new AssemblyName("Made") { Version = new Version(1, 2, 3, 4) }, AssemblyBuilderAccess.Run,
            informational.Select(version => new CustomAttributeBuilder(attribute, [version])));
    }
}
