// swift-tools-version: 6.0

import PackageDescription

let package = Package(
    name: "microgpt",
    platforms: [.macOS(.v13)],
    products: [
        .executable(name: "microgpt", targets: ["microgpt"])
    ],
    targets: [
        .target(name: "Transformer"),
        .target(name: "ConformancePort", dependencies: ["Transformer"]),
        .executableTarget(name: "microgpt", dependencies: ["ConformancePort", "Transformer"]),
        .testTarget(name: "TransformerTests", dependencies: ["Transformer"]),
        .testTarget(
            name: "ConformancePortTests", dependencies: ["ConformancePort", "Transformer"]),
    ],
    swiftLanguageModes: [.v6]
)
