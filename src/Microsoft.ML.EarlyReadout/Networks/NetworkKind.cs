using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The networks that come with the library.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NetworkKind>))]
public enum NetworkKind
{
    /// <summary>
    /// <see cref="Mlp"/> for feature vectors, <see cref="ConvNet"/> for images; for texts what the weights are, or a small
    /// <see cref="Bert"/> that is trained from nothing.
    /// </summary>
    Automatic,

    /// <summary>Linear layers with ReLU; each hidden layer is a stage.</summary>
    Mlp,

    /// <summary>Stages of 3×3 convolution, batch norm, ReLU and 2×2 max pooling.</summary>
    ConvNet,

    /// <summary>ResNet-18 in torchvision's layout; stages <c>layer1</c> to <c>layer4</c>.</summary>
    ResNet18,

    /// <summary>ResNet-34 in torchvision's layout; stages <c>layer1</c> to <c>layer4</c>.</summary>
    ResNet34,

    /// <summary>ResNet-50 in torchvision's layout; stages <c>layer1</c> to <c>layer4</c>.</summary>
    ResNet50,

    /// <summary>SqueezeNet 1.1 in torchvision's layout; a stage ends where the resolution changes.</summary>
    SqueezeNet11,

    /// <summary>
    /// The network whose ImageNet weights are in Microsoft's package <c>Microsoft.ML.DnnImageFeaturizer.ResNet18</c>: a ResNet-18 with a
    /// third block in its last stage; stages <c>layer1</c> to <c>layer4</c>. Give <see cref="InputOptions.DnnImageFeaturizer"/> with
    /// those weights.
    /// </summary>
    DnnImageFeaturizerResNet18,

    /// <summary>BERT in Hugging Face's layout, for texts; a stage is a transformer layer. See <see cref="TextEncoder"/>.</summary>
    Bert,

    /// <summary>DistilBERT in Hugging Face's layout, for texts; a stage is a transformer layer. See <see cref="TextEncoder"/>.</summary>
    DistilBert,
}
